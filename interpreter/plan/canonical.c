#include "plan/canonical.h"

#include <string.h>

#include "base/json.h"
#include "plan/reason.h"

static const char *const backoffs[] = {"constant", "linear", "exponential"};
static const char *const param_types[] = {"string", "integer",  "number", "boolean",
                                          "list",   "duration", "time"};

/* An object that is being written. Its members are put in the order of their keys. */
struct object {
    struct rb_buf *out;
    bool any;
};

static struct object begin(struct rb_buf *out)
{
    rb_buf_putc(out, '{');
    return (struct object){out, false};
}

static void end(struct object *object)
{
    rb_buf_putc(object->out, '}');
}

static struct rb_buf *member(struct object *object, const char *key)
{
    rb_buf_puts(object->out, object->any ? ",\"" : "\"");
    rb_buf_puts(object->out, key);
    rb_buf_puts(object->out, "\":");
    object->any = true;
    return object->out;
}

/* Members that are left out when they say nothing. */

static void put_value(struct object *object, const char *key, const struct rb_value *value)
{
    if (value)
        rb_json_encode(value, member(object, key));
}

static void put_text(struct object *object, const char *key, const char *text)
{
    if (text)
        rb_json_encode_text(text, strlen(text), member(object, key));
}

static void put_word(struct object *object, const char *key, const char *const *words,
                     unsigned word)
{
    if (word != 0)
        put_text(object, key, words[word]);
}

static void put_int(struct object *object, const char *key, int64_t number)
{
    RB_AUTO_VALUE const struct rb_value *value = rb_value_int(number);
    put_value(object, key, value);
}

static void put_expr(struct object *object, const char *key, int expr)
{
    if (expr >= 0)
        put_int(object, key, expr);
}

static void put_number(struct object *object, const char *key, int64_t number)
{
    if (number != 0)
        put_int(object, key, number);
}

static void put_flag(struct object *object, const char *key, bool flag)
{
    if (flag)
        put_value(object, key, rb_value_bool(true));
}

static void put_texts(struct object *object, const char *key, const char *const *texts)
{
    if (!texts || !texts[0])
        return;
    struct rb_buf *out = member(object, key);
    for (char before = '['; *texts; texts++, before = ',') {
        rb_buf_putc(out, before);
        rb_json_encode_text(*texts, strlen(*texts), out);
    }
    rb_buf_putc(out, ']');
}

/* A list of `count` objects. */
static void put_all(struct object *object, const char *key, int count,
                    void (*put)(const struct rb_plan *plan, const struct rb_book *book,
                                int index, struct object *into),
                    const struct rb_plan *plan, const struct rb_book *book)
{
    struct rb_buf *out = member(object, key);
    rb_buf_putc(out, '[');
    for (int i = 0; i < count; i++) {
        if (i > 0)
            rb_buf_putc(out, ',');
        struct object item = begin(out);
        put(plan, book, i, &item);
        end(&item);
    }
    rb_buf_putc(out, ']');
}

static void put_requires(struct object *object, const struct rb_plan *plan)
{
    struct object inner = begin(member(object, "requires"));
    put_texts(&inner, "files", plan->files);
    put_text(&inner, "runbook", plan->requires_runbook);
    put_texts(&inner, "tools", plan->tools);
    put_texts(&inner, "variables", plan->variables);
    end(&inner);
}

static void put_param(const struct rb_plan *plan, const struct rb_book *book, int index,
                      struct object *into)
{
    (void)plan;
    const struct rb_param *param = &book->params[index];
    put_value(into, "default", param->fallback);
    put_text(into, "help", param->help);
    if (param->has_max)
        put_int(into, "max", param->max);
    if (param->has_min)
        put_int(into, "min", param->min);
    put_text(into, "name", param->name);
    if (param->type == RB_PARAM_LIST)
        put_text(into, "of", param_types[param->of]);
    put_text(into, "pattern", param->pattern);
    put_text(into, "type", param_types[param->type]);
    put_value(into, "values", param->values);
}

/* In a list, because their order counts. */
static void put_var(const struct rb_plan *plan, const struct rb_book *book, int index,
                    struct object *into)
{
    (void)plan;
    put_text(into, "name", book->vars[index].name);
    put_value(into, "value", book->vars[index].value);
}

static void put_secret(const struct rb_plan *plan, const struct rb_book *book, int index,
                       struct object *into)
{
    (void)book;
    put_text(into, "name", plan->secrets[index].name);
    put_value(into, "source", plan->secrets[index].source);
    put_flag(into, "unmasked", plan->secrets[index].unmasked);
}

/* What an expression refers to follows from its text. */
static void put_source(const struct rb_plan *plan, const struct rb_book *book, int index,
                       struct object *into)
{
    (void)book;
    put_number(into, "call", plan->exprs[index].book);
    put_flag(into, "chunk", plan->exprs[index].chunk);
    put_text(into, "source", plan->exprs[index].source);
}

/* Their names have an order of their own. */
static void put_outputs(struct object *object, const struct rb_step *step)
{
    if (step->output_count == 0)
        return;
    struct rb_map_builder outputs = {0};
    for (int i = 0; i < step->output_count; i++) {
        if (step->outputs[i].expr >= 0)
            rb_map_add(&outputs, step->outputs[i].name,
                       rb_value_int(step->outputs[i].expr));
    }
    RB_AUTO_VALUE const struct rb_value *map = rb_map_end(&outputs);
    put_value(object, "outputs", map);
}

static void put_reasons(struct object *object, unsigned on)
{
    const char *names[RB_REASON_COUNT + 1];
    int count = 0;
    for (int i = 0; i < RB_REASON_COUNT; i++) {
        if (on & 1u << i)
            names[count++] = rb_reason_name((enum rb_reason)i);
    }
    names[count] = NULL;
    put_texts(object, "on", names);
}

static void put_retry(struct object *object, const struct rb_retry *retry)
{
    if (retry->attempts <= 1)
        return;
    struct object inner = begin(member(object, "retry"));
    put_number(&inner, "attempts", retry->attempts);
    put_word(&inner, "backoff", backoffs, retry->backoff);
    put_number(&inner, "delay_us", retry->delay);
    put_number(&inner, "jitter_percent", retry->jitter_percent);
    put_number(&inner, "max_delay_us", retry->max_delay);
    put_reasons(&inner, retry->on);
    put_expr(&inner, "when", retry->when);
    end(&inner);
}

static void put_id(struct object *object, const char *key, const struct rb_plan *plan,
                   int step)
{
    if (step >= 0)
        put_text(object, key, plan->steps[step].id);
}

/* The members of a group name it as their parent, by id: a step that is added changes nothing
 * in another one. */
static void put_step(const struct rb_plan *plan, const struct rb_book *book, int index,
                     struct object *into)
{
    (void)book;
    const struct rb_step *step = &plan->steps[index];
    put_text(into, "action", rb_action_name(step->action));
    if (step->for_each >= 0)
        put_text(into, "as", step->loop_name);
    put_flag(into, "cancel_branches", step->cancel_branches);
    put_expr(into, "check", step->check);
    put_id(into, "covers_from", plan, step->covers_from);
    put_id(into, "covers_to", plan, step->covers_to);
    put_expr(into, "for_each", step->for_each);
    put_text(into, "id", step->id);
    put_flag(into, "idempotent", step->idempotent);
    put_number(into, "limit", step->limit);
    put_number(into, "max_failures", step->max_failures);
    put_flag(into, "max_failures_percent", step->max_failures_percent);
    put_flag(into, "no_undo", step->no_undo);
    if (step->on_failure != RB_FAIL_STOP)
        put_text(into, "on_failure", rb_on_failure_name(step->on_failure));
    put_id(into, "on_failure_steps", plan, step->handler);
    if (step->on_interrupt != RB_INTERRUPT_ASK)
        put_text(into, "on_interrupt", rb_on_interrupt_name(step->on_interrupt));
    put_outputs(into, step);
    if (step->parent >= 0)
        put_text(into, "parent", plan->steps[step->parent].id);
    put_flag(into, "pauses", step->pauses);
    put_expr(into, "probe", step->probe);
    put_retry(into, &step->retry);
    put_value(into, "spec", step->spec);
    put_texts(into, "tags", step->tags);
    put_number(into, "timeout_us", step->timeout);
    put_id(into, "undo", plan, step->undo);
    put_expr(into, "when", step->when);
    put_number(into, "within_us", step->within);
}

/* What a file that is called says of itself. */
static void put_book(const struct rb_plan *plan, const struct rb_book *outside, int index,
                     struct object *into)
{
    (void)outside;
    const struct rb_book *book = plan->books[index + 1];
    if (rb_value_count(book->connections) > 0)
        put_value(into, "connections", book->connections);
    put_value(into, "env", book->env);
    put_text(into, "name", book->name);
    put_all(into, "params", book->param_count, put_param, plan, book);
    if (rb_value_count(book->secrets) > 0)
        put_value(into, "secrets", book->secrets);
    put_id(into, "step", plan, book->call);
    put_all(into, "vars", book->var_count, put_var, plan, book);
}

void rb_plan_canonical(const struct rb_plan *plan, struct rb_buf *out)
{
    struct object object = begin(out);
    const struct rb_book *main = plan->books[0];
    if (plan->book_count > 1)
        put_all(&object, "calls", plan->book_count - 1, put_book, plan, NULL);
    if (rb_value_count(main->connections) > 0)
        put_value(&object, "connections", main->connections);
    put_value(&object, "env", main->env);
    put_text(&object, "environment", plan->environment);
    put_all(&object, "exprs", plan->expr_count, put_source, plan, main);
    put_id(&object, "finally", plan, plan->first_finally);
    put_texts(&object, "inherit", plan->inherit);
    put_value(&object, "locks", plan->locks);
    put_text(&object, "name", plan->name);
    put_id(&object, "on_failure", plan, plan->first_on_failure);
    put_text(&object, "owner", plan->owner);
    put_all(&object, "params", main->param_count, put_param, plan, main);
    put_requires(&object, plan);
    if (rb_value_count(plan->roles) > 0)
        put_value(&object, "roles", plan->roles);
    if (plan->secret_count > 0)
        put_all(&object, "secrets", plan->secret_count, put_secret, plan, main);
    if (rb_value_count(plan->signers) > 0)
        put_value(&object, "signers", plan->signers);
    put_all(&object, "steps", plan->step_count, put_step, plan, main);
    put_text(&object, "title", plan->title);
    put_all(&object, "vars", main->var_count, put_var, plan, main);
    put_value(&object, "window", plan->window);
    end(&object);
}
