#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "render/out.h"
#include "render/view.h"

struct json {
    struct rb_view view;
    struct rb_out out;
};

static void say(struct json *json, const struct rb_buf *line)
{
    if (!rb_out_write(&json->out, line->data, line->length)) {
        fprintf(stderr,
                "runbook: standard output: %s; the run goes on, its events are in the "
                "journal\n",
                strerror(errno));
    }
}

static void json_event(struct rb_view *view, const struct rb_state *state,
                       const struct rb_record *record)
{
    (void)state;
    struct json *json = (struct json *)view;
    char time[28];
    rb_time_format(record->event.utc, time);
    RB_AUTO_VALUE const struct rb_value *event =
        rb_value_map("seq", rb_value_int(record->seq), "t", rb_value_text(time), "type",
                     rb_value_text(rb_event_name(record->event.type)), "d",
                     rb_value_ref(record->event.d), NULL);
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_json_print(event, 0, &line);
    rb_buf_putc(&line, '\n');
    say(json, &line);
}

static void json_tick(struct rb_view *view, const struct rb_state *state, rb_time utc,
                      rb_time mono)
{
    (void)view, (void)state, (void)utc, (void)mono;
}

static void json_unask(struct rb_view *view)
{
    (void)view;
}

static void json_close(struct rb_view *view, const struct rb_state *state, int status)
{
    (void)state, (void)status;
    free(view);
}

static const struct rb_view_ops ops = {
    .event = json_event, .tick = json_tick, .unask = json_unask, .close = json_close};

struct rb_view *rb_view_json_new(const struct rb_view_options *options)
{
    struct json *json = rb_alloc(sizeof *json);
    json->view.ops = &ops;
    rb_out_init(&json->out, STDOUT_FILENO);
    RB_AUTO_VALUE const struct rb_value *run = rb_value_text(options->run_id);
    RB_AUTO_BUF struct rb_buf line = {0};
    rb_buf_puts(&line, "{\"format\":\"runbook.events\",\"version\":1,\"run\":");
    rb_json_print(run, 0, &line);
    rb_buf_puts(&line, "}\n");
    say(json, &line);
    return &json->view;
}
