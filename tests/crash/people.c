#include "people.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "command.h"
#include "trial.h"

static const char *const everybody[] = {"qa", "po", "tl"};

/* Beside the world, which does not last. */
static void folder_of(const struct lab *lab, char *ret_path, int size)
{
    snprintf(ret_path, (size_t)size, "%s.keys", lab->world);
}

void people_signers(const struct lab *lab, char *ret_path, int size)
{
    snprintf(ret_path, (size_t)size, "%s.keys/allowed_signers", lab->world);
}

bool people_make(const struct lab *lab)
{
    char folder[300], signers[320], command[1200];
    folder_of(lab, folder, sizeof folder);
    people_signers(lab, signers, sizeof signers);
    if (access(signers, F_OK) == 0)
        return true;
    if (mkdir(folder, 0700) != 0)
        return false;
    for (size_t i = 0; i < RB_COUNT(everybody); i++) {
        snprintf(command, sizeof command,
                 "cd '%s' && umask 077 && ssh-keygen -q -t ed25519 -N '' -C '' -f %s && "
                 "echo \"%s@example.org namespaces=\\\"approve.runbook\\\" $(cat %s.pub)\" "
                 ">>signers",
                 folder, everybody[i], everybody[i], everybody[i]);
        // NOLINTNEXTLINE(cert-env33-c): words of our own, in a test
        if (system(command) != 0)
            return false;
    }
    char made[320];
    snprintf(made, sizeof made, "%s/signers", folder);
    return rename(made, signers) == 0;
}

/* The digest of the text that was shown last. */
static bool shown(const struct lab *lab, char ret_digest[128])
{
    static const char before[] = "\nshown ";
    char path[300];
    const char *at = NULL;
    RB_AUTO_BUF struct rb_buf text = {0};
    snprintf(path, sizeof path, "%s/err", lab->world);
    if (!rb_file_read(AT_FDCWD, path, 1 << 20, &text, NULL))
        return false;
    for (const char *next = rb_buf_text(&text); (next = strstr(next, before));)
        at = next += sizeof before - 1;
    if (!at)
        return false;
    snprintf(ret_digest, 128, "%.*s", (int)strcspn(at, "\n"), at);
    return true;
}

bool people_sign(const struct lab *lab, const struct person *person)
{
    enum { REFUSED = 4 };
    char key[320], store[300], digest[128] = "none";
    snprintf(key, sizeof key, "%s.keys/%s", lab->world, person->role);
    snprintf(store, sizeof store, "%s/store", lab->world);
    const char *const words[] = {person->item ? "confirm" : "approve",
                                 "last",
                                 "--store",
                                 store,
                                 "--key",
                                 key,
                                 "--shown",
                                 digest,
                                 person->item,
                                 NULL};
    return command_run(lab, NULL, words) == REFUSED && shown(lab, digest) &&
           command_run(lab, NULL, words) == 0;
}
