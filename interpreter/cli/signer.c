#include "cli/signer.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "cli/own_keys.h"
#include "core/statement.h"
#include "effects/keygen.h"
#include "effects/signed.h"

enum { KEY_MAX = 16384, SIGN_MS = 60000 };

/* While it is looked for. */
struct search {
    const struct rb_signing *signing;
    const char *as, *role; /* that the caller names, or NULL */
    struct rb_signer found;
    int count;             /* who, role and key that would do */
    struct rb_buf choices; /* the same as text */
    bool known;            /* some key is in the file of signers */
};

static bool has(const struct rb_value *list, const char *text)
{
    for (size_t i = 0; i < rb_value_count(list); i++) {
        if (strcmp(rb_value_as_text(rb_value_at(list, i), ""), text) == 0)
            return true;
    }
    return false;
}

static void try_role(struct search *search, const struct rb_value *key, const char *who,
                     const char *role)
{
    const struct rb_plan *plan = search->signing->document->plan;
    if (!has(rb_value_get(plan->roles, role), who) ||
        (search->role && strcmp(search->role, role) != 0))
        return;
    const char *path = rb_value_get_text(key, "path", NULL);
    const char *fingerprint = rb_value_get_text(key, "key", "");
    const struct rb_signer *found = &search->found;
    if (search->count > 0 && strcmp(found->who, who) == 0 &&
        strcmp(found->role, role) == 0 && strcmp(found->key, fingerprint) == 0)
        return; /* the same key again: in a file and in the agent */
    rb_buf_printf(&search->choices, "%s--as %s --role %s (key %s)",
                  search->choices.length ? ", " : "", who, role, fingerprint);
    if (search->count++ > 0)
        return;
    search->found.who = who;
    search->found.role = role;
    search->found.path = path ? rb_strdup(path) : NULL;
    rb_buf_puts(&search->found.public, rb_value_get_text(key, "public", ""));
    snprintf(search->found.key, sizeof search->found.key, "%s", fingerprint);
}

/* Whoever the file of signers says the key is, for whatever role may answer. */
static void try_key(struct search *search, const struct rb_value *key)
{
    const struct rb_value *roles = rb_value_get(search->signing->question, "roles");
    for (size_t i = 0; i < rb_value_count(search->signing->signers); i++) {
        const struct rb_value *line = rb_value_at(search->signing->signers, i);
        const struct rb_value *people = rb_value_get(line, "people");
        if (strcmp(rb_value_get_text(line, "key", ""), rb_value_get_text(key, "key", "")) !=
            0)
            continue;
        search->known = true;
        for (size_t k = 0; k < rb_value_count(people); k++) {
            const char *who = rb_value_as_text(rb_value_at(people, k), "");
            for (size_t r = 0; r < rb_value_count(roles); r++) {
                if (!search->as || strcmp(search->as, who) == 0)
                    try_role(search, key, who, rb_value_as_text(rb_value_at(roles, r), ""));
            }
        }
    }
}

static bool read_key(const char *path, const struct rb_value **ret_key,
                     struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf name = {0}, text = {0};
    char key[64];
    size_t length = strlen(path);
    bool is_public = length > 4 && strcmp(path + length - 4, ".pub") == 0;
    rb_buf_printf(&name, "%s%s", path, is_public ? "" : ".pub");
    if (!rb_file_read(AT_FDCWD, rb_buf_text(&name), KEY_MAX, &text, err))
        return rb_error_prefix(err, "the public key beside the key");
    if (!rb_own_key_read(rb_buf_text(&text), text.length, key))
        return rb_fail(err, RB_ERR_INVALID, "%s is no public key of OpenSSH",
                       rb_buf_text(&name));
    *ret_key = rb_value_map("key", rb_value_text(key), "public",
                            rb_value_string(rb_buf_text(&text), text.length), "path",
                            rb_value_text(path), NULL);
    return true;
}

static bool conclude(const struct search *search, struct rb_error *err)
{
    if (search->count == 1)
        return true;
    if (search->count > 1)
        return rb_fail(err, RB_ERR_USAGE, "more than one would do, say which: %s",
                       rb_buf_text(&search->choices));
    if (!search->known)
        return rb_fail(
            err, RB_ERR_REFUSED,
            "none of your keys is in the file of signers: name one by --key FILE, "
            "or add it there (`runbook roster`)");
    return rb_fail(err, RB_ERR_REFUSED,
                   "whoever your key belongs to in the file of signers is in none of the "
                   "roles that are asked");
}

static void try_keys(struct search *search, const struct rb_value *keys)
{
    for (size_t i = 0; i < rb_value_count(keys); i++)
        try_key(search, rb_value_at(keys, i));
}

bool rb_signer_choose(const struct rb_signing *signing, const struct rb_args *args,
                      struct rb_signer *ret_signer, struct rb_error *err)
{
    const char *path = rb_args_value(args, "key");
    RB_AUTO_VALUE const struct rb_value *key = NULL, *keys = NULL;
    struct search search = {.signing = signing,
                            .as = rb_args_value(args, "as"),
                            .role = rb_args_value(args, "role")};
    if (path && !read_key(path, &key, err))
        return false;
    keys = path ? rb_value_list(rb_value_ref(key), NULL) : rb_own_keys_list();
    try_keys(&search, keys);
    bool good = conclude(&search, err);
    rb_buf_done(&search.choices);
    if (!good) {
        rb_signer_done(&search.found);
        return false;
    }
    *ret_signer = search.found;
    return true;
}

void rb_signer_done(struct rb_signer *signer)
{
    rb_buf_done(&signer->public);
    free(signer->path);
    *signer = (struct rb_signer){0};
}

static const struct rb_value *statement_of(const struct rb_signer *signer,
                                           const struct rb_signing *signing,
                                           const struct rb_value *answer)
{
    static const char *const given[] = {"reason", "note", "evidence"};
    RB_AUTO_VALUE const struct rb_value *base =
        rb_statement_of(signing->created, signing->question);
    RB_AUTO_VALUE const struct rb_value *own = rb_value_map(
        "head", rb_value_text(signing->hash), "seq", rb_value_int(signing->seq), "shown",
        rb_value_text(signing->digest), "who", rb_value_text(signer->who), "role",
        rb_value_text(signer->role), "decision",
        rb_value_text(rb_value_get_text(answer, "answer", "")), NULL);
    RB_AUTO_VALUE const struct rb_value *both = rb_value_merge(base, own);
    struct rb_map_builder more = {0};
    for (size_t i = 0; i < RB_COUNT(given); i++) {
        const struct rb_value *value = rb_value_get(answer, given[i]);
        if (value)
            rb_map_add(&more, given[i], rb_value_ref(value));
    }
    RB_AUTO_VALUE const struct rb_value *rest = rb_map_end(&more);
    return rb_value_merge(both, rest);
}

bool rb_signer_sign(const struct rb_signer *signer, const struct rb_signing *signing,
                    const struct rb_value *answer, struct rb_buf *out, struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *statement = statement_of(signer, signing, answer);
    RB_AUTO_BUF struct rb_buf line = {0}, said = {0}, blob = {0};
    const char *argv[] = {"ssh-keygen",
                          "-Y",
                          "sign",
                          "-n",
                          RB_SSHSIG_NAMESPACE,
                          "-f",
                          signer->path ? signer->path : "/dev/fd/3",
                          NULL};
    rb_statement_bytes(statement, &line);
    const struct rb_keygen_call call = {.argv = argv,
                                        .input = rb_buf_text(&line),
                                        .length = line.length,
                                        .files = {signer->path ? NULL : &signer->public},
                                        .limit_ms = SIGN_MS,
                                        .person = true};
    int code = rb_keygen_run(&call, &said);
    if (code < 0)
        return rb_fail(err, RB_ERR_REFUSED, "nothing was signed: %s", rb_buf_text(&said));
    if (code != 0)
        return rb_fail(err, RB_ERR_REFUSED,
                       "nothing was signed: ssh-keygen could not use the key %s",
                       signer->key);
    if (!rb_sshsig_unarmour(rb_buf_text(&said), said.length, &blob, err))
        return false;
    rb_signed_write(statement, rb_buf_text(&blob), blob.length, out);
    return true;
}
