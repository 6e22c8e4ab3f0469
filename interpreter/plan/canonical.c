#include "plan/canonical.h"

#include <string.h>

#include "base/json.h"
#include "plan/reason.h"

static const char *const on_failures[] = {"stop", "continue", "ask"};
static const char *const on_interrupts[] = {"ask", "probe", "rerun", "fail"};
static const char *const backoffs[] = {"constant", "linear", "exponential"};
static const char *const param_types[] = {"string",  "integer", "number",
                                          "boolean", "list",    "duration"};

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
                    void (*put)(const struct rb_plan *plan, int index, struct object *into),
                    const struct rb_plan *plan)
{
    struct rb_buf *out = member(object, key);
    rb_buf_putc(out, '[');
    for (int i = 0; i < count; i++) {
        if (i > 0)
            rb_buf_putc(out, ',');
        struct object item = begin(out);
        put(plan, i, &item);
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

static void put_param(const struct rb_plan *plan, int index, struct object *into)
{
    const struct rb_param *param = &plan->params[index];
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
static void put_var(const struct rb_plan *plan, int index, struct object *into)
{
    put_text(into, "name", plan->vars[index].name);
    put_value(into, "value", plan->vars[index].value);
}

static void put_secret(const struct rb_plan *plan, int index, struct object *into)
{
    put_text(into, "name", plan->secrets[index].name);
    put_value(into, "source", plan->secrets[index].source);
    put_flag(into, "unmasked", plan->secrets[index].unmasked);
}

/* What an expression refers to follows from its text. */
static void put_source(const struct rb_plan *plan, int index, struct object *into)
{
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

/* The members of a group name it as their parent, by id: a step that is added changes nothing
 * in another one. */
static void put_step(const struct rb_plan *plan, int index, struct object *into)
{
    const struct rb_step *step = &plan->steps[index];
    put_text(into, "action", rb_action_name(step->action));
    if (step->for_each >= 0)
        put_text(into, "as", step->loop_name);
    put_expr(into, "check", step->check);
    put_expr(into, "for_each", step->for_each);
    put_text(into, "id", step->id);
    put_flag(into, "idempotent", step->idempotent);
    put_word(into, "on_failure", on_failures, step->on_failure);
    put_word(into, "on_interrupt", on_interrupts, step->on_interrupt);
    put_outputs(into, step);
    if (step->parent >= 0)
        put_text(into, "parent", plan->steps[step->parent].id);
    put_expr(into, "probe", step->probe);
    put_retry(into, &step->retry);
    put_value(into, "spec", step->spec);
    put_texts(into, "tags", step->tags);
    put_number(into, "timeout_us", step->timeout);
    put_expr(into, "when", step->when);
    put_number(into, "within_us", step->within);
}

void rb_plan_canonical(const struct rb_plan *plan, struct rb_buf *out)
{
    struct object object = begin(out);
    if (rb_value_count(plan->connections) > 0)
        put_value(&object, "connections", plan->connections);
    put_value(&object, "env", plan->env);
    put_text(&object, "environment", plan->environment);
    put_all(&object, "exprs", plan->expr_count, put_source, plan);
    put_texts(&object, "inherit", plan->inherit);
    put_text(&object, "name", plan->name);
    put_text(&object, "owner", plan->owner);
    put_all(&object, "params", plan->param_count, put_param, plan);
    put_requires(&object, plan);
    if (plan->secret_count > 0)
        put_all(&object, "secrets", plan->secret_count, put_secret, plan);
    put_all(&object, "steps", plan->step_count, put_step, plan);
    put_text(&object, "title", plan->title);
    put_all(&object, "vars", plan->var_count, put_var, plan);
    end(&object);
}
