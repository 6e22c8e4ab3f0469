#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "disk.h"
#include "judge.h"
#include "services.h"

enum { RESUMES = 10, WORDS = 20, EXIT_WAITS = 3 };

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)type, (void)walk;
    return remove(path);
}

void trial_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool put_text(const struct lab *lab, const char *name, mode_t mode, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", lab->world, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return good;
}

static void put_answers(const struct lab *lab, const struct scene *scene)
{
    RB_AUTO_BUF struct rb_buf text = {0};
    rb_buf_printf(&text, "answers:\n%s", scene->answers);
    for (int i = 0; i < (int)RB_COUNT(scene->doubts) && scene->doubts[i]; i++)
        rb_buf_printf(&text, "  \"%s.doubt\": [retry, retry, retry, retry, retry]\n",
                      scene->doubts[i]);
    put_text(lab, "answers.yaml", 0600, text.data);
}

/* The work folder of an example belongs to this world, and has the same name each time. */
static const char mktemp_here[] = "#!/bin/sh\n"
                                  "folder=${0%/bin/*}/tmp/work\n"
                                  "mkdir -p \"$folder\" && echo \"$folder\"\n";

static bool make_world(const struct lab *lab, const struct scene *scene)
{
    char path[512];
    trial_remove(lab->world);
    mkdir(lab->world, 0700);
    snprintf(path, sizeof path, "%s/bin", lab->world);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/tmp", lab->world);
    mkdir(path, 0700);
    put_text(lab, "bin/mktemp", 0700, mktemp_here);
    put_answers(lab, scene);
    seam->spawned = seam->logged = 0;
    seam->under_way = 0;
    seam->fake_boot = false;
    return service_begin(lab, scene);
}

/* The words of a command: `store` and `answers` are where they are in this world. */
struct words {
    const char *list[WORDS];
    char store[300], answers[300], params[300], signers[320], value[300];
};

static void say_exec(const struct lab *lab, const struct scene *scene, struct words *words)
{
    int count = 0;
    snprintf(words->store, sizeof words->store, "%s/store", lab->world);
    snprintf(words->answers, sizeof words->answers, "%s/answers.yaml", lab->world);
    *words->list = "exec";
    const char *const fixed[] = {scene->file,    "--store",  words->store, "--answers",
                                 words->answers, "--output", "json",       "--no-input"};
    for (size_t i = 0; i < RB_COUNT(fixed); i++)
        words->list[++count] = fixed[i];
    for (int i = 0; i < 5 && scene->words[i]; i++) {
        const char *word = scene->words[i];
        size_t length = strlen(word);
        if (word[length - 1] == '@') {
            snprintf(words->value, sizeof words->value, "%.*s%s", (int)length - 1, word,
                     lab->world);
            word = words->value;
        }
        words->list[++count] = word;
    }
    if (scene->service != NO_SERVICE) {
        snprintf(words->params, sizeof words->params, "%s/params.yaml", lab->world);
        words->list[++count] = "--params";
        words->list[++count] = words->params;
    }
    if (scene->people[0].role) {
        people_signers(lab, words->signers, sizeof words->signers);
        words->list[++count] = "--signers";
        words->list[++count] = words->signers;
    }
    words->list[++count] = NULL;
}

static bool complain(struct rb_buf *why, const char *what, int status)
{
    rb_buf_printf(why, "%s (status %d)", what, status);
    return false;
}

static int run_exec(const struct lab *lab, const struct scene *scene,
                    const struct fault *fault)
{
    struct words words;
    say_exec(lab, scene, &words);
    return command_run(lab, fault, words.list);
}

static int run_resume(const struct lab *lab, const struct fault *fault)
{
    char store[300], answers[300];
    snprintf(store, sizeof store, "%s/store", lab->world);
    snprintf(answers, sizeof answers, "%s/answers.yaml", lab->world);
    return command_run(lab, fault,
                       (const char *const[]){"resume", "last", "--store", store,
                                             "--answers", answers, "--output", "json",
                                             "--no-input", NULL});
}

/* A new world, up to the signature before the command that is crashed, undisturbed. */
static bool prepare(const struct lab *lab, const struct scene *scene, struct rb_buf *why)
{
    if (!make_world(lab, scene))
        return complain(why, "there is no service to ask", 0);
    if (scene->people[0].role && !people_make(lab))
        return complain(why, "there are no keys to sign with", 0);
    for (int i = 0; i < scene->signed_before; i++) {
        int status = i == 0 ? run_exec(lab, scene, NULL) : run_resume(lab, NULL);
        if (status != EXIT_WAITS)
            return complain(why, "it does not wait for a signature", status);
        if (!people_sign(lab, &scene->people[i]))
            return complain(why, "a signature does not count", i);
    }
    return true;
}

/* What the fault is for. */
static int run_crashed(const struct lab *lab, const struct scene *scene,
                       const struct fault *fault)
{
    return scene->signed_before > 0 ? run_resume(lab, fault) : run_exec(lab, scene, fault);
}

/* The exit code of what is crashed, undisturbed. */
static int code_of(const struct scene *scene)
{
    return scene->people[scene->signed_before].role ? EXIT_WAITS : scene->code;
}

static int run_look(const struct lab *lab, const char *command)
{
    char store[300];
    snprintf(store, sizeof store, "%s/store", lab->world);
    return command_run(lab, NULL,
                       (const char *const[]){command, "last", "--store", store, NULL});
}

/* The store as the power cut leaves it, and a boot that is another one. */
static uint64_t lose(const struct lab *lab, const struct trial *trial)
{
    char store[300], before[300];
    struct stat st;
    snprintf(store, sizeof store, "%s/store", lab->world);
    snprintf(before, sizeof before, "%s/store.before", lab->world);
    if (stat(lab->world, &st) != 0)
        return 0;
    if (rename(store, before) != 0)
        return 1;
    uint64_t state = disk_remains(st.st_ino, "store", (unsigned)trial->loss, store);
    snprintf(seam->boot, sizeof seam->boot, "11111111-2222-3333-4444-%012x\n",
             (unsigned)trial->loss + 1);
    seam->fake_boot = true;
    return state ? state : 1;
}

/* Faults that whoever makes the call must not even notice. */
static bool is_harmless(const struct fault *fault)
{
    return fault->kind == FAULT_NONE || fault->kind == FAULT_SHORT ||
           fault->kind == FAULT_CLOCK ||
           (fault->kind == FAULT_ERROR && fault->error == EINTR && !fault->for_ever);
}

static bool judge_exec(const struct trial *trial, int status, struct rb_buf *why)
{
    bool kills = trial->fault.kind == FAULT_KILL || trial->fault.kind == FAULT_BOTH ||
                 trial->fault.kind == FAULT_POWER;
    if (status < 0 && !(kills && status == -SIGKILL))
        return complain(why, "the program crashed", status);
    if (status != code_of(trial->scene) && is_harmless(&trial->fault))
        return complain(why, "a harmless fault was noticed", status);
    return true;
}

/* A record that can be read says nothing that isn't so, already before the run goes on. */
static bool judge_record(const struct lab *lab, const struct trial *trial,
                         struct rb_buf *why)
{
    bool lies = trial->fault.kind == FAULT_LIE && trial->loss >= 0;
    bool holds = judge_shown(lab, trial->loss >= 0, why);
    int status = run_look(lab, "verify");
    if (status < 0)
        return complain(why, "verify crashed", status);
    if (holds)
        return true;
    if (lies && status != 0) {
        rb_buf_clear(why);
        return true;
    }
    rb_buf_printf(why, "; verify exits with %d", status);
    return false;
}

/* Runs it to its end: a run of which nothing is on disk is begun anew, and what it waits for is signed, as
 * people would. */
static bool go_on(const struct lab *lab, const struct trial *trial, struct rb_buf *why)
{
    int status = 0, signed_so_far = trial->scene->signed_before;
    struct fault kill = {.kind = FAULT_KILL, .nth = trial->again};
    for (int round = 0; round < RESUMES; round++) {
        const struct fault *fault = trial->again > 0 && round == 0 ? &kill : NULL;
        if (judge_is_finished(lab))
            return true;
        if (judge_is_begun(lab))
            status = run_resume(lab, fault);
        else if (!judge_nothing_done(lab, trial->scene, why))
            return false;
        else
            status = run_exec(lab, trial->scene, fault);
        if (status < 0 && !(fault && status == -SIGKILL))
            return complain(why, "resume crashed", status);
        const struct person *next = &trial->scene->people[signed_so_far];
        if (status == EXIT_WAITS && next->role) {
            if (!people_sign(lab, next))
                return complain(why, "a signature does not count", signed_so_far);
            signed_so_far++;
        }
    }
    return judge_is_finished(lab) ||
           complain(why, "the run does not come to its end", status);
}

bool trial_baseline(const struct lab *lab, const struct scene *scene,
                    struct baseline *ret_baseline, struct rb_buf *ret_why)
{
    memset(seam->trace, 0, sizeof seam->trace);
    if (!prepare(lab, scene, ret_why))
        return false;
    int status = run_crashed(lab, scene, NULL);
    bool ended = command_wait_all();
    for (int role = 0; role < ROLES; role++) {
        ret_baseline->counts[role] = seam->count[role];
        ret_baseline->allocated[role] = seam->allocated[role];
    }
    memcpy(ret_baseline->trace, seam->trace, sizeof ret_baseline->trace);
    if (status != code_of(scene) || !ended)
        return complain(ret_why, "undisturbed it comes to another end", status);
    const struct trial undisturbed = {.scene = scene, .loss = -1};
    bool finished = go_on(lab, &undisturbed, ret_why);
    rb_buf_clear(&ret_baseline->effects);
    judge_effects(lab, scene, &ret_baseline->effects);
    return finished;
}

static bool judge_end(const struct lab *lab, const struct trial *trial,
                      const struct baseline *baseline, struct rb_buf *why)
{
    if (!command_wait_all())
        return complain(why, "a process is left", 0);
    if (!judge_shown(lab, trial->loss >= 0, why))
        return false;
    int status = run_look(lab, "verify");
    if (status != 0)
        return complain(why, "verify of the ended run", status);
    status = run_look(lab, "replay");
    if (status != 0)
        return complain(why, "replay of the ended run", status);
    /* A call that failed may have made a step fail, and the runbook may go on without it. */
    bool failed = trial->fault.kind == FAULT_ERROR || trial->fault.kind == FAULT_TORN;
    /* Nor does a check hold whose worker was killed, and a loop may bear that. */
    bool unknown = trial->fault.kind == FAULT_KILL && trial->fault.role == WORKER;
    if (!failed && !unknown && !judge_same_end(lab, trial->scene))
        return complain(why, "the run has not come to the same end", 0);
    return judge_starts(lab, trial->scene, rb_buf_text(&baseline->effects), why) &&
           (failed || (unknown && trial->scene->bears) ||
            judge_all_done(lab, trial->scene, rb_buf_text(&baseline->effects), why));
}

enum trial_end trial_run(const struct lab *lab, const struct trial *trial,
                         const struct baseline *baseline, uint64_t *ret_state,
                         struct rb_buf *ret_why)
{
    *ret_state = 0;
    if (!prepare(lab, trial->scene, ret_why))
        return TRIAL_BROKEN;
    int status = run_crashed(lab, trial->scene, &trial->fault);
    bool met = seam->hit || trial->fault.kind == FAULT_NONE;
    if (trial->fault.kind == FAULT_BOTH)
        command_kill_helpers();
    if (trial->loss >= 0)
        command_kill_all();
    if (trial->loss >= 0)
        *ret_state = lose(lab, trial);
    bool held = judge_exec(trial, status, ret_why) && judge_record(lab, trial, ret_why);
    /* What a lying disk has lost, nobody can bring to a good end: that it shows is enough. */
    if (held && !(trial->fault.kind == FAULT_LIE && trial->loss >= 0))
        held = go_on(lab, trial, ret_why) && judge_end(lab, trial, baseline, ret_why);
    command_kill_all();
    return !held ? TRIAL_BROKEN : met ? TRIAL_HELD : TRIAL_UNMET;
}
