#include "plan/plan.h"

#include "base/digest.h"
#include "base/hash.h"
#include "plan/canonical.h"

static const char *const action_names[] = {
    [RB_ACTION_MANUAL] = "manual",     [RB_ACTION_RUN] = "run",
    [RB_ACTION_EXEC] = "exec",         [RB_ACTION_PIPE] = "pipe",
    [RB_ACTION_HTTP] = "http",         [RB_ACTION_SQL] = "sql",
    [RB_ACTION_NOTIFY] = "notify",     [RB_ACTION_LUA] = "lua",
    [RB_ACTION_GATE] = "gate",         [RB_ACTION_CHECKLIST] = "checklist",
    [RB_ACTION_CONFIRM] = "confirm",   [RB_ACTION_ASK] = "ask",
    [RB_ACTION_WAIT] = "wait",         [RB_ACTION_STEPS] = "steps",
    [RB_ACTION_PARALLEL] = "parallel", [RB_ACTION_GUARD] = "guard",
    [RB_ACTION_APPROVE] = "approve",   [RB_ACTION_CALL] = "call",
};
_Static_assert(RB_COUNT(action_names) == RB_ACTION_COUNT, "each action has a name");

static const char *const no_tags[] = {NULL};

const char *rb_action_name(enum rb_action action)
{
    return action_names[action];
}

bool rb_action_is_effect(enum rb_action action)
{
    return action == RB_ACTION_RUN || action == RB_ACTION_EXEC ||
           action == RB_ACTION_PIPE || action == RB_ACTION_HTTP ||
           action == RB_ACTION_SQL || action == RB_ACTION_NOTIFY;
}

bool rb_action_holds_steps(enum rb_action action)
{
    return action == RB_ACTION_STEPS || action == RB_ACTION_PARALLEL ||
           action == RB_ACTION_CALL;
}

const char *rb_on_failure_name(enum rb_on_failure policy)
{
    static const char *const names[] = {"stop", "continue", "ask", "rollback"};
    return names[policy];
}

const char *rb_on_interrupt_name(enum rb_on_interrupt policy)
{
    static const char *const names[] = {"ask", "probe", "rerun", "fail"};
    return names[policy];
}

struct rb_step rb_step_blank(int book, int parent)
{
    return (struct rb_step){.book = book,
                            .parent = parent,
                            .first_child = -1,
                            .next = -1,
                            .when = -1,
                            .for_each = -1,
                            .loop_name = "item",
                            .check = -1,
                            .probe = -1,
                            .undo = -1,
                            .handler = -1,
                            .undoes = -1,
                            .covers_from = -1,
                            .covers_to = -1,
                            .retry = {.attempts = 1, .when = -1},
                            .tags = no_tags};
}

struct entry {
    UT_hash_handle hh;
    int step;
};

struct rb_plan_index {
    struct entry *by_id;
    struct entry entries[];
};

static struct rb_plan_index *new_index(const struct rb_plan *plan)
{
    size_t count = (size_t)plan->step_count;
    struct rb_plan_index *index =
        rb_alloc(sizeof *index + count * sizeof index->entries[0]);
    for (int i = 0; i < plan->step_count; i++) {
        struct entry *entry = &index->entries[i];
        const char *id = plan->steps[i].id;
        entry->step = i;
        HASH_ADD_KEYPTR(hh, index->by_id, id, strlen(id), entry);
    }
    return index;
}

static void free_index(struct rb_plan_index *index)
{
    if (!index)
        return;
    HASH_CLEAR(hh, index->by_id);
    free(index);
}

const struct rb_book *rb_plan_book(const struct rb_plan *plan, int step)
{
    return plan->books[plan->steps[step].book];
}

const struct rb_value *rb_plan_connection(const struct rb_plan *plan, int step)
{
    const char *name = rb_value_get_text(plan->steps[step].spec, "connection", "");
    return rb_value_get(rb_plan_book(plan, step)->connections, name);
}

int rb_plan_find(const struct rb_plan *plan, const char *id)
{
    if (plan->index) {
        const struct entry *entry;
        HASH_FIND_STR(plan->index->by_id, id, entry);
        return entry ? entry->step : -1;
    }
    for (int i = 0; i < plan->step_count; i++) {
        if (strcmp(plan->steps[i].id, id) == 0)
            return i;
    }
    return -1;
}

static void done_book(const struct rb_book *book)
{
    for (int i = 0; i < book->param_count; i++) {
        rb_value_unref(book->params[i].values);
        rb_value_unref(book->params[i].fallback);
    }
    for (int i = 0; i < book->var_count; i++)
        rb_value_unref(book->vars[i].value);
    rb_value_unref(book->env);
    rb_value_unref(book->connections);
    rb_value_unref(book->secrets);
}

void rb_plan_free(struct rb_plan *plan)
{
    if (!plan)
        return;
    for (int i = 0; i < plan->book_count; i++)
        done_book(plan->books[i]);
    for (int i = 0; i < plan->secret_count; i++)
        rb_value_unref(plan->secrets[i].source);
    for (int i = 0; i < plan->step_count; i++)
        rb_value_unref(plan->steps[i].spec);
    rb_value_unref(plan->locks);
    rb_value_unref(plan->window);
    rb_value_unref(plan->roles);
    rb_value_unref(plan->signers);
    rb_buf_done(&plan->canonical);
    free_index(plan->index);
    rb_arena_free(plan->arena);
}

void rb_plan_index(struct rb_plan *plan)
{
    plan->index = new_index(plan);
}

void rb_plan_seal(struct rb_plan *plan)
{
    rb_plan_canonical(plan, &plan->canonical);
    rb_digest_of(plan->canonical.data, plan->canonical.length, plan->digest);
}
