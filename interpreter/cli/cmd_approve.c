#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/hand_in.h"
#include "cli/load.h"
#include "cli/say.h"
#include "cli/signer.h"
#include "effects/signed.h"

enum { REQUEST_MAX = 64 << 20 }; /* bytes */

/* What is about to be signed, before whoever signs it. */
static bool agree(const struct rb_signing *signing, const struct rb_signer *signer,
                  const struct rb_args *args, const char *word, struct rb_error *err)
{
    const char *reviewed = rb_args_value(args, "shown");
    RB_AUTO_BUF struct rb_buf prompt = {0};
    fprintf(stderr, "%s\nshown %s\n", rb_buf_text(&signing->shown), signing->digest);
    if (reviewed)
        return strcmp(reviewed, signing->digest) == 0 ||
               rb_fail(err, RB_ERR_REFUSED, "nothing was signed: what is shown here is %s",
                       signing->digest);
    rb_buf_printf(&prompt,
                  "%s signs as %s with the key %s.\nType `%s` to sign: ", signer->who,
                  signer->role, signer->key, word);
    return rb_consent(rb_buf_text(&prompt), word,
                      "--shown DIGEST says which text was read before", err);
}

static const struct rb_value *answer_of(const struct rb_args *args, const char *word)
{
    static const char *const given[] = {"reason", "note", "evidence"};
    struct rb_map_builder map = {0};
    rb_map_add(&map, "answer", rb_value_text(word));
    for (size_t i = 0; i < RB_COUNT(given); i++) {
        const char *text = rb_args_value(args, given[i]);
        if (text)
            rb_map_add(&map, given[i], rb_value_text(text));
    }
    return rb_map_end(&map);
}

/* "approve" or "reject"; of a question that belongs to a role "yes", "no" or "skip", of a window
 * "override". */
static bool word_of(const struct rb_args *args, const struct rb_value *question,
                    const char **ret_word, struct rb_error *err)
{
    const char *kind = rb_value_get_text(question, "kind", "");
    bool approval = strcmp(kind, "approval") == 0;
    bool window = strcmp(kind, "window") == 0;
    const char *given = rb_args_value(args, "answer");
    *ret_word = given                          ? given
                : window                       ? "override"
                : !approval                    ? "yes"
                : rb_args_flag(args, "reject") ? "reject"
                                               : "approve";
    bool refuses = window || strcmp(*ret_word, "reject") == 0 ||
                   strcmp(*ret_word, "no") == 0 || strcmp(*ret_word, "skip") == 0;
    return !refuses || rb_args_value(args, "reason") ||
           rb_fail(err, RB_ERR_USAGE, "say why: --reason TEXT goes into the record");
}

static bool sign(const struct rb_signing *signing, const struct rb_args *args,
                 struct rb_buf *out, struct rb_error *err)
{
    RB_CLEANUP(rb_signer_done) struct rb_signer signer = {0};
    const char *word;
    if (!word_of(args, signing->question, &word, err) ||
        !rb_signer_choose(signing, args, &signer, err) ||
        !agree(signing, &signer, args, word, err))
        return false;
    RB_AUTO_VALUE const struct rb_value *answer = answer_of(args, word);
    return rb_signer_sign(&signer, signing, answer, out, err);
}

static bool write_file(const char *path, const struct rb_buf *bytes, struct rb_error *err)
{
    if (rb_file_create(AT_FDCWD, path, bytes->data, bytes->length, false, err))
        return true;
    err->code = RB_ERR_USAGE;
    return false;
}

/* On this machine, from the record. */
static bool approve_run(const struct rb_args *args, const struct rb_history *history,
                        const char *item, struct rb_error *err)
{
    RB_CLEANUP(rb_signing_done) struct rb_signing signing = {0};
    RB_AUTO_BUF struct rb_buf bytes = {0};
    const char *request = rb_args_value(args, "request");
    if (!rb_signing_of_run(history, item, &signing, err))
        return false;
    if (!request)
        return sign(&signing, args, &bytes, err) &&
               rb_hand_in_signed(history, rb_buf_text(&bytes), bytes.length, err);
    rb_signing_request(&signing, &bytes);
    if (!write_file(request, &bytes, err))
        return false;
    rb_say(stdout, "%s: to be signed by `runbook approve --sign %s`, on any machine",
           request, request);
    return true;
}

/* On another machine: what was carried there. */
static bool sign_request(const struct rb_args *args, const char *path, struct rb_error *err)
{
    RB_CLEANUP(rb_signing_done) struct rb_signing signing = {0};
    RB_AUTO_BUF struct rb_buf text = {0}, bytes = {0}, name = {0};
    if (!rb_file_read(AT_FDCWD, path, REQUEST_MAX, &text, err)) {
        err->code = RB_ERR_USAGE;
        return false;
    }
    if (!rb_signing_of_request(rb_buf_text(&text), text.length, &signing, err))
        return rb_error_prefix(err, "%s", path);
    rb_buf_printf(&name, "%s.signed", path);
    if (!sign(&signing, args, &bytes, err) || !write_file(rb_buf_text(&name), &bytes, err))
        return false;
    rb_say(stdout, "%s: to be handed in by `runbook approve --accept %s`, where the run is",
           rb_buf_text(&name), rb_buf_text(&name));
    return true;
}

static bool read_signed(const char *path, struct rb_buf *out, char ret_run[96],
                        struct rb_error *err)
{
    RB_CLEANUP(rb_signed_done) struct rb_signed signed_ = {0};
    if (!rb_file_read(AT_FDCWD, path, RB_SIGNED_MAX + 1, out, err)) {
        err->code = RB_ERR_USAGE;
        return false;
    }
    if (!rb_signed_read(rb_buf_text(out), out->length, &signed_, err))
        return rb_error_prefix(err, "%s", path);
    snprintf(ret_run, 96, "%s", rb_value_get_text(signed_.statement, "run", ""));
    return true;
}

/* Of the run that it names, or of the one that the caller does. */
static bool accept(const struct rb_args *args, const char *path, struct rb_error *err)
{
    struct rb_history history;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    char run[96];
    if (!read_signed(path, &bytes, run, err) ||
        !rb_history_open(args, args->word_count > 0 ? args->words[0] : run, RB_HISTORY_ADD,
                         NULL, NULL, &history, err))
        return false;
    bool good = rb_hand_in_signed(&history, rb_buf_text(&bytes), bytes.length, err);
    rb_history_done(&history);
    return good;
}

static bool of_run(const struct rb_args *args, const char *item, struct rb_error *err)
{
    struct rb_history history;
    if (args->word_count == 0)
        return rb_fail(
            err, RB_ERR_USAGE,
            "name a run, or a file by --sign or --accept; `runbook list` shows what "
            "waits");
    if (!rb_history_open(args, args->words[0], RB_HISTORY_ADD, NULL, NULL, &history, err))
        return false;
    bool good = approve_run(args, &history, item, err);
    rb_history_done(&history);
    return good;
}

int rb_cmd_approve(const struct rb_args *args)
{
    struct rb_error err = {0};
    const char *to_sign = rb_args_value(args, "sign"),
               *to_take = rb_args_value(args, "accept");
    bool good = to_sign   ? sign_request(args, to_sign, &err)
                : to_take ? accept(args, to_take, &err)
                          : of_run(args, rb_args_value(args, "item"), &err);
    return good ? 0 : rb_report(&err);
}

bool rb_approve_item(const struct rb_args *args, const struct rb_history *history,
                     const char *item, struct rb_error *err)
{
    return approve_run(args, history, item, err);
}
