#include "effects/mail.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "effects/mail_posting.h"

struct rb_mail {
    struct rb_mail_place place;
    struct rb_mail_events events;
    uv_async_t done; /* a thread has finished, or there is something to begin or settle */
    /* To be begun, with a thread of their own, and over but not settled. */
    struct rb_posting *waiting, *running, *over;
    int calling; /* depth of calls that may lead to the events */
    bool closed; /* by one of them: freed when they returned */
};

static void move(struct rb_posting *posting, struct rb_posting **from,
                 struct rb_posting **to)
{
    DL_DELETE(*from, posting);
    DL_APPEND(*to, posting);
}

static void start_waiting(struct rb_mail *mail)
{
    while (mail->waiting) {
        struct rb_posting *posting = mail->waiting;
        bool started = rb_posting_prepare(posting) && rb_posting_start(posting);
        move(posting, &mail->waiting, started ? &mail->running : &mail->over);
    }
}

/* The outcomes of what is over. Each may lead to more requests, or close us. */
static void settle(struct rb_mail *mail)
{
    while (mail->over && !mail->closed) {
        struct rb_posting *posting = mail->over;
        DL_DELETE(mail->over, posting);
        RB_AUTO_VALUE const struct rb_value *outcome = rb_posting_settle(posting);
        mail->events.settled(mail->events.context, posting->dir, outcome);
        rb_posting_free(posting);
    }
}

static void take_results(struct rb_mail *mail)
{
    for (struct rb_posting *at = mail->running, *next; at; at = next) {
        next = at->next;
        if (!rb_posting_is_finished(at))
            continue;
        rb_posting_join(at);
        move(at, &mail->running, &mail->over);
    }
}

static void tear_down(struct rb_mail *mail);

static void go_on(struct rb_mail *mail)
{
    mail->calling++;
    take_results(mail);
    start_waiting(mail);
    settle(mail);
    if (--mail->calling == 0 && mail->closed)
        tear_down(mail);
}

static void on_done(uv_async_t *done)
{
    go_on(done->data);
}

static void discard_all(struct rb_posting **list)
{
    while (*list) {
        struct rb_posting *posting = *list;
        DL_DELETE(*list, posting);
        rb_posting_free(posting);
    }
}

static void free_mail(uv_handle_t *done)
{
    free(done->data);
}

/* All are told before the first is waited for. */
static void abandon_all(struct rb_mail *mail)
{
    for (struct rb_posting *at = mail->running; at; at = at->next)
        rb_posting_abandon(at);
    for (struct rb_posting *at = mail->running; at; at = at->next)
        rb_posting_join(at);
}

static void tear_down(struct rb_mail *mail)
{
    abandon_all(mail);
    discard_all(&mail->waiting);
    discard_all(&mail->running);
    discard_all(&mail->over);
    rb_curl_close(&mail->place.curl);
    close(mail->place.steps);
    uv_close((uv_handle_t *)&mail->done, free_mail);
}

void rb_mail_close(struct rb_mail *mail)
{
    if (!mail)
        return;
    mail->closed = true;
    if (mail->calling == 0)
        tear_down(mail);
}

static bool open_place(struct rb_mail_place *place, int run_dir, struct rb_error *err)
{
    place->steps = openat(run_dir, "steps", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->steps < 0)
        return rb_fail_errno(err, RB_ERR_IO, "the folder of the steps can't be opened");
    return rb_note_boot_id(place->boot_id, err) && rb_curl_open(&place->curl, err);
}

bool rb_mail_open(uv_loop_t *loop, int run_dir, const struct rb_mail_events *events,
                  struct rb_mail **ret_mail, struct rb_error *err)
{
    struct rb_mail *mail = rb_alloc(sizeof *mail);
    mail->events = *events;
    bool good = open_place(&mail->place, run_dir, err) &&
                (uv_async_init(loop, &mail->done, on_done) == 0 ||
                 rb_fail(err, RB_ERR_IO, "the loop can't wait for mails"));
    if (!good) {
        rb_close_descriptor(&mail->place.steps);
        free(mail);
        return false;
    }
    mail->done.data = mail;
    mail->place.done = &mail->done;
    *ret_mail = mail;
    return true;
}

void rb_mail_redact(struct rb_mail *mail, const struct rb_redactor *redactor)
{
    mail->place.redactor = redactor;
}

static struct rb_posting *find(struct rb_posting *list, const char *dir)
{
    struct rb_posting *posting;
    DL_FOREACH(list, posting)
    if (strcmp(posting->dir, dir) == 0)
        return posting;
    return NULL;
}

bool rb_mail_run(struct rb_mail *mail, const struct rb_value *request, struct rb_error *err)
{
    const char *dir = rb_value_get_text(request, "dir", "");
    if (find(mail->waiting, dir) || find(mail->running, dir) || find(mail->over, dir))
        return rb_fail(err, RB_ERR_REFUSED, "%s is under way already", dir);
    struct rb_posting *posting = rb_posting_new(&mail->place, request);
    DL_APPEND(mail->waiting, posting);
    uv_async_send(&mail->done);
    return true;
}

void rb_mail_end(struct rb_mail *mail, const char *dir)
{
    struct rb_posting *running = find(mail->running, dir);
    struct rb_posting *waiting = find(mail->waiting, dir);
    if (running)
        rb_posting_abandon(running);
    if (!waiting)
        return;
    waiting->killed = true;
    rb_posting_fail(waiting, "ended", "it was given up before it was begun");
    move(waiting, &mail->waiting, &mail->over);
    uv_async_send(&mail->done);
}
