#include "effects/mail_posting.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "effects/clock.h"
#include "effects/curl_explain.h"
#include "effects/mail_letter.h"
#include "effects/mail_transfer.h"
#include "journal/folder.h"
#include "plan/mail.h"

struct rb_posting *rb_posting_new(const struct rb_mail_place *place,
                                  const struct rb_value *request)
{
    struct rb_posting *posting = rb_alloc(sizeof *posting);
    posting->place = place;
    posting->request = rb_value_ref(request);
    posting->dir = rb_value_get_text(request, "dir", "");
    posting->host = rb_value_get_text(request, "host", "");
    posting->port = rb_value_get_text(request, "port", "");
    posting->asks = strcmp(rb_value_get_text(request, "class", "write"), "read") == 0;
    posting->folder = -1;
    return posting;
}

void rb_posting_free(struct rb_posting *posting)
{
    const struct rb_curl *curl = &posting->place->curl;
    rb_close_descriptor(&posting->folder);
    curl->easy_cleanup(posting->easy);
    curl->slist_free_all(posting->to);
    rb_buf_done(&posting->letter);
    rb_buf_done(&posting->reply);
    rb_value_unref(posting->tls);
    rb_value_unref(posting->request);
    free(posting);
}

bool rb_posting_fail(struct rb_posting *posting, const char *code, const char *format, ...)
{
    va_list args;
    RB_AUTO_BUF struct rb_buf message = {0};
    if (posting->code)
        return false;
    va_start(args, format);
    rb_buf_vprintf(&message, format, args);
    va_end(args);
    posting->code = code;
    return rb_fail(&posting->why, RB_ERR_IO, "%s", rb_buf_text(&message));
}

/* A name or an address, which can't be taken for another part of a URL. */
static bool is_host(const char *text)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789-._:";
    return *text && text[strspn(text, set)] == '\0';
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 5 && text[digits] == '\0';
}

static bool are_addresses(const struct rb_value *to)
{
    for (size_t i = 0; i < rb_value_count(to); i++) {
        if (!rb_mail_is_address(rb_value_as_text(rb_value_at(to, i), "")))
            return false;
    }
    return rb_value_count(to) > 0;
}

/* What ends a line in a header would begin another one. */
static bool is_line(const struct rb_value *value)
{
    const char *text = rb_value_as_text(value, NULL);
    for (size_t i = 0; text && i < rb_value_length(value); i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return text;
}

static bool check_mail(struct rb_posting *posting)
{
    const struct rb_value *request = posting->request;
    if (!rb_mail_is_address(rb_value_get_text(request, "from", "")) ||
        !are_addresses(rb_value_get(request, "to")))
        return rb_posting_fail(posting, "unsent", "an address of the mail is not one");
    if (!is_line(rb_value_get(request, "subject")) ||
        !is_line(rb_value_get(request, "message_id")))
        return rb_posting_fail(posting, "unsent",
                               "a header of the mail holds a control character");
    return true;
}

static bool check(struct rb_posting *posting)
{
    const struct rb_value *auth = rb_value_get(posting->request, "auth");
    if (!rb_folder_is_name(posting->dir))
        return rb_posting_fail(posting, "unsent", "the request names no folder");
    if (!is_host(posting->host) || !is_port(posting->port))
        return rb_posting_fail(posting, "unsent",
                               "host and port are not those of a server");
    if (!posting->asks && !check_mail(posting))
        return false;
    if (auth &&
        (!is_line(rb_value_get(auth, "user")) || !is_line(rb_value_get(auth, "password"))))
        return rb_posting_fail(posting, "unsent",
                               "user or password holds a control character");
    return true;
}

bool rb_posting_prepare(struct rb_posting *posting)
{
    posting->began = rb_clock_mono();
    if (!check(posting))
        return false;
    if (!posting->asks)
        rb_letter_write(posting->request, rb_clock_utc(), &posting->letter);
    return rb_mail_set_up(posting);
}

/* What the server said, on one line and with nothing in it that moves a cursor. */
static void put_reply(const struct rb_posting *posting, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf clean = {0}, line = {0};
    const struct rb_buf *reply = &posting->reply;
    rb_redact_text(posting->place->redactor, rb_buf_text(reply), reply->length, &clean);
    for (const char *at = rb_buf_text(&clean); *at;) {
        size_t length = strcspn(at, "\r\n");
        rb_buf_append(&line, at, length);
        at += length + strspn(at + length, "\r\n");
        rb_buf_puts(&line, *at ? " " : "");
    }
    rb_text_visible(rb_buf_text(&line), line.length, false, out);
}

/* A refusal is known to be one, whether of a command or of all of the mail. */
static bool refused(struct rb_posting *posting)
{
    RB_AUTO_BUF struct rb_buf reply = {0};
    if (!posting->replied || posting->status < 400 || (posting->all && !posting->judged))
        return false;
    put_reply(posting, &reply);
    rb_posting_fail(posting, "refused", "%s:%s refused it: %s", posting->host,
                    posting->port, rb_buf_text(&reply));
    return true;
}

/* Behind the last byte libcurl waits for the reply without turning back to whoever drives it
 * (smtp_done, 7.88.1): on the run's loop all else would stand still meanwhile. */
static void *transfer(void *argument)
{
    struct rb_posting *posting = argument;
    posting->result = posting->place->curl.easy_perform(posting->easy);
    __atomic_store_n(&posting->finished, true, __ATOMIC_RELEASE);
    uv_async_send(posting->place->done);
    return NULL;
}

bool rb_posting_start(struct rb_posting *posting)
{
    int failed = pthread_create(&posting->thread, NULL, transfer, posting);
    return failed == 0 ||
           rb_posting_fail(posting, "unsent", "there is no thread for it: %s",
                           strerror(failed));
}

bool rb_posting_is_finished(const struct rb_posting *posting)
{
    return __atomic_load_n(&posting->finished, __ATOMIC_ACQUIRE);
}

void rb_posting_abandon(struct rb_posting *posting)
{
    __atomic_store_n(&posting->abandoned, true, __ATOMIC_RELEASE);
}

/* Once the server has judged the mail nothing that goes wrong behind it says anything of it: its
 * reply may come while libcurl, out of time, takes its leave. */
static void conclude_transfer(struct rb_posting *posting, CURLcode result)
{
    bool taken = posting->judged && posting->status < 400;
    if (result == CURLE_OK || posting->code || taken)
        return;
    if (posting->judged && refused(posting))
        return;
    if (posting->abandoned && result == CURLE_ABORTED_BY_CALLBACK) {
        posting->killed = true;
        rb_posting_fail(posting, "ended", "it was given up %s",
                        posting->all ? "when the server had all of it, and had not said "
                                       "that it took it"
                                     : "before the server had it");
        return;
    }
    if (result == CURLE_OPERATION_TIMEDOUT) {
        rb_posting_fail(posting, "timeout",
                        posting->all ? "%s:%s: the server has all of it, and did not say "
                                       "in time that it took it"
                                     : "%s:%s: it could not be handed over in time",
                        posting->host, posting->port);
        return;
    }
    if (result != CURLE_USE_SSL_FAILED && refused(posting))
        return;
    const struct rb_curl_reason reason =
        rb_curl_explain(&posting->place->curl, posting->easy, result);
    bool doubtful = posting->all && !posting->judged;
    rb_posting_fail(posting, reason.code, "%s:%s: %s%s%s%s", posting->host, posting->port,
                    doubtful ? "the server has all of it, and did not say that it took it: "
                             : "",
                    reason.text, reason.more ? ": " : "", reason.more ? reason.more : "");
}

void rb_posting_join(struct rb_posting *posting)
{
    pthread_join(posting->thread, NULL);
    conclude_transfer(posting, posting->result);
}

static const struct rb_value *error_of(const struct rb_posting *posting)
{
    if (!posting->code)
        return NULL;
    return rb_value_map("code", rb_value_text(posting->code), "message",
                        rb_value_text(posting->why.message), NULL);
}

static const struct rb_value *reply_of(const struct rb_posting *posting)
{
    RB_AUTO_BUF struct rb_buf reply = {0};
    if (posting->reply.length == 0)
        return NULL;
    put_reply(posting, &reply);
    return rb_value_string(rb_buf_text(&reply), reply.length);
}

static const struct rb_value *outcome_of(const struct rb_posting *posting)
{
    const struct rb_value *id = rb_value_get(posting->request, "message_id");
    rb_time took = posting->began > 0 ? rb_clock_mono() - posting->began : 0;
    bool doubtful = posting->all && !posting->judged;
    return rb_value_map(
        "status", posting->status ? rb_value_int(posting->status) : NULL, "reply",
        reply_of(posting), "message_id", rb_value_ref(id), "remote",
        posting->remote[0] ? rb_value_text(posting->remote) : NULL, "tls",
        rb_value_ref(posting->tls), "duration_us", rb_value_int(took), "killed",
        posting->killed ? rb_value_text("request") : NULL, "error", error_of(posting),
        "sent", posting->code ? rb_value_text(doubtful ? "maybe" : "no") : NULL, NULL);
}

/* Without the note a later interpreter finds the step in doubt, and that is what it then is. */
static void conclude(struct rb_posting *posting, const struct rb_value *outcome)
{
    struct rb_error err;
    if (posting->unnoted || posting->asks || !rb_folder_is_name(posting->dir))
        return;
    if ((posting->folder < 0 &&
         !rb_note_folder(posting->place->steps, posting->dir, &posting->folder, &err)) ||
        !rb_note_exit(posting->folder, outcome, &err))
        errno = 0;
}

const struct rb_value *rb_posting_settle(struct rb_posting *posting)
{
    RB_AUTO_VALUE const struct rb_value *all = outcome_of(posting);
    const struct rb_value *outcome = rb_redact_value(posting->place->redactor, all);
    conclude(posting, outcome);
    return outcome;
}
