#include "parse/expr.h"
#include "parse/fields.h"
#include "parse/inherit.h"
#include "parse/scalar.h"
#include "plan/reason.h"

enum { MOST_ATTEMPTS = 1000 };

static void attempts(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_retry *retry = into;
    int64_t number;
    if (rb_scalar_int(value, "attempts", 1, MOST_ATTEMPTS, c->diags, &number))
        retry->attempts = (int)number;
}

static void delay(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_retry *retry = into;
    rb_scalar_duration(value, "delay", c->diags, &retry->delay);
}

static void max_delay(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_retry *retry = into;
    rb_scalar_span(value, "max_delay", c->diags, &retry->max_delay);
}

static void backoff(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    static const char *const words[] = {[RB_BACKOFF_CONSTANT] = "constant",
                                        [RB_BACKOFF_LINEAR] = "linear",
                                        [RB_BACKOFF_EXPONENTIAL] = "exponential",
                                        NULL};
    struct rb_retry *retry = into;
    int index;
    if (rb_scalar_word(value, "backoff", words, c->diags, &index))
        retry->backoff = (enum rb_backoff)index;
}

static void jitter(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_retry *retry = into;
    const char *text;
    int64_t percent;
    if (!rb_scalar_text(value, "jitter", c->diags, &text))
        return;
    size_t digits = strspn(text, "0123456789");
    RB_AUTO_FREE char *number = rb_strndup(text, digits);
    if (strcmp(text + digits, "%") == 0 && rb_scalar_parse_int(number, &percent) &&
        percent <= 100) {
        retry->jitter_percent = (int)percent;
        return;
    }
    rb_diag_help(rb_diag_add(c->diags, 217, value->span,
                             "`jitter` is `%s`; it has to be 0%% to 100%%", text),
                 "write it like 20%%: a delay is up to so much shorter than it would be");
}

/* A refusal, a doubt and the end of the run are never tried again. */
static void on_reason(struct rb_compiler *c, const struct rb_yaml_node *item, void *into)
{
    static const enum rb_reason allowed[] = {
        RB_REASON_EXIT,    RB_REASON_SIGNAL,   RB_REASON_TIMEOUT, RB_REASON_SPAWN,
        RB_REASON_CHECK,   RB_REASON_UNKNOWN,  RB_REASON_EVAL,    RB_REASON_SURVIVORS,
        RB_REASON_CONNECT, RB_REASON_LOST,     RB_REASON_STATUS,  RB_REASON_SQL,
        RB_REASON_BUSY,    RB_REASON_PROCESSES};
    const char *words[RB_COUNT(allowed) + 1] = {0};
    for (size_t i = 0; i < RB_COUNT(allowed); i++)
        words[i] = rb_reason_name(allowed[i]);
    struct rb_retry *retry = into;
    int index;
    if (rb_scalar_word(item, "on", words, c->diags, &index))
        retry->on |= 1u << allowed[index];
}

static void on(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    rb_fields_each(c, value, "on", true, on_reason, into);
}

static void when(struct rb_compiler *c, const struct rb_yaml_node *value, void *into)
{
    struct rb_retry *retry = into;
    retry->when = rb_expr_bare(c, value, rb_compiler_where(c, "retry.when"));
}

void rb_retry_read(struct rb_compiler *c, const struct rb_yaml_node *value,
                   struct rb_retry *ret_retry)
{
    static const struct rb_field fields[] = {
        {"attempts", attempts}, {"delay", delay},
        {"backoff", backoff},   {"max_delay", max_delay},
        {"jitter", jitter},     {"on", on},
        {"when", when},         {0},
    };
    struct rb_retry retry = {.delay = RB_SEC, .when = -1};
    if (value->kind == RB_NODE_SCALAR)
        attempts(c, value, &retry);
    else if (rb_fields_read(c, value, "`retry`", fields, &retry) &&
             !rb_yaml_get(value, "attempts"))
        rb_fields_missing(c->diags, value, "`retry`", "attempts",
                          "say how often it is tried in all: `attempts: 3`");
    if (retry.attempts == 0)
        retry.attempts = 1;
    *ret_retry = retry;
}
