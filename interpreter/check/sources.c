/* What the programs of a step would do with its values: those of `run`, `exec`, `pipe`, `stdin` and
 * `env` that one of them would read as source (parse/shell_sink.h). That belongs to no plan: what a
 * run was begun with goes on being one. */

#include "check/rules.h"
#include "parse/shell_lexer.h"
#include "parse/shell_programs.h"
#include "parse/shell_sink.h"
#include "plan/template.h"

/* The texts of a step one behind the other, as one whole. */
struct whole {
    const struct rb_check *check;
    const struct rb_book *book;
    struct rb_arena *arena;
    struct rb_shell_lex lex;
    struct rb_shell_piece *pieces;
    int piece_count, piece_capacity;
    size_t end;
    struct rb_shell_outside outside;
};

/* `vars.NAME` that the file gives a text without values: it is the author's own. */
static bool is_constant(const struct rb_book *book, const char *expr, size_t length)
{
    static const char prefix[] = "vars.";
    size_t skip = sizeof prefix - 1;
    if (length < skip || memcmp(expr, prefix, skip) != 0)
        return false;
    for (int i = 0; i < book->var_count; i++) {
        const struct rb_var *var = &book->vars[i];
        if (strlen(var->name) == length - skip &&
            memcmp(var->name, expr + skip, length - skip) == 0)
            return rb_value_as_text(var->value, NULL);
    }
    return false;
}

static bool is_fixed(const struct rb_book *book, const char *expr, size_t length)
{
    return rb_shell_is_number(expr, length) || is_constant(book, expr, length);
}

/* Of the values that were lexed last. */
static void find_fixed(struct whole *whole, int first, const struct rb_yaml_node *scalar)
{
    for (int i = first; i < whole->lex.place_count; i++) {
        struct rb_shell_place *place = &whole->lex.places[i];
        const struct rb_braces *braces = &place->braces;
        if (!place->fixed)
            place->fixed =
                is_constant(whole->book, scalar->text + (braces->expr - whole->end),
                            braces->expr_length);
    }
}

static void add_piece(struct whole *whole, const struct rb_yaml_node *scalar)
{
    *RB_SHELL_ADD(whole->arena, whole->pieces, whole->piece_count, whole->piece_capacity) =
        (struct rb_shell_piece){whole->end, scalar};
}

static struct rb_shell_word add_text(struct whole *whole, const struct rb_yaml_node *scalar)
{
    int before = whole->lex.place_count;
    add_piece(whole, scalar);
    struct rb_shell_word word = rb_shell_lex_text(whole->arena, scalar->text,
                                                  scalar->length, whole->end, &whole->lex);
    find_fixed(whole, before, scalar);
    whole->end += scalar->length + 1;
    return word;
}

static void add_script(struct whole *whole, const struct rb_yaml_node *scalar)
{
    add_piece(whole, scalar);
    rb_shell_lex(whole->arena, scalar->text, scalar->length, &whole->lex);
    find_fixed(whole, 0, scalar);
    whole->end = scalar->length + 1;
}

/* An argument list is a command whose words are known. */
static void add_program(struct whole *whole, const struct rb_yaml_node *list)
{
    struct rb_shell_lex *lex = &whole->lex;
    struct rb_shell_command command = {.piped_from = lex->command_count - 1};
    for (int i = 0; list->kind == RB_NODE_SEQUENCE && i < list->count; i++) {
        if (list->items[i]->kind == RB_NODE_SCALAR)
            *RB_SHELL_ADD(whole->arena, command.words, command.word_count,
                          command.word_capacity) = add_text(whole, list->items[i]);
    }
    *RB_SHELL_ADD(whole->arena, lex->commands, lex->command_count, lex->command_capacity) =
        command;
}

/* The first program of a list reads it; a script has it as its own. */
static void add_input(struct whole *whole, const struct rb_yaml_node *scalar, bool list)
{
    int before = whole->lex.place_count;
    struct rb_shell_word input = add_text(whole, scalar);
    if (list && whole->lex.command_count > 0) {
        struct rb_shell_command *first = &whole->lex.commands[0];
        *RB_SHELL_ADD(whole->arena, first->inputs, first->input_count,
                      first->input_capacity) = input;
    }
    for (int i = before; !list && i < whole->lex.place_count; i++)
        whole->outside.fed |= !whole->lex.places[i].fixed;
}

static void add_actions(struct whole *whole, int step)
{
    enum rb_action action = whole->check->plan->steps[step].action;
    bool pipe = action == RB_ACTION_PIPE, script = action == RB_ACTION_RUN;
    const struct rb_yaml_node *node =
        rb_check_value(whole->check, step, rb_action_name(action));
    const struct rb_yaml_node *input = rb_check_value(whole->check, step, "stdin");
    if (script && node->kind == RB_NODE_SCALAR)
        add_script(whole, node);
    else if (!script && !pipe)
        add_program(whole, node);
    for (int i = 0; pipe && i < node->count; i++)
        add_program(whole, node->items[i]);
    if (input && input->kind == RB_NODE_SCALAR)
        add_input(whole, input, !script);
}

/* Is the text of a value, or of a secret, part of this one, or of one of this list? */
static bool varies(const struct whole *whole, const struct rb_value *value)
{
    int *items = NULL, count = 0, capacity = 0;
    bool found = rb_template_secret(value);
    for (size_t i = 0; rb_value_is(value, RB_LIST) && i < rb_value_count(value); i++)
        found |= rb_template_secret(rb_value_at(value, i)) != NULL;
    rb_template_exprs(value, &items, &count, &capacity);
    for (int i = 0; i < count; i++) {
        const char *source = whole->check->plan->exprs[items[i]].source;
        found |= !is_fixed(whole->book, source, strlen(source));
    }
    free(items);
    return found;
}

static void add_env(struct whole *whole, const struct rb_value *env)
{
    size_t count = rb_value_count(env);
    const char **names = rb_arena_alloc(whole->arena, (count + 1) * sizeof *names);
    const char **files = rb_arena_alloc(whole->arena, (count + 1) * sizeof *files);
    struct rb_shell_outside *outside = &whole->outside;
    for (size_t i = 0; i < count; i++) {
        const char *name = rb_value_as_text(rb_value_key_at(env, i), "");
        const struct rb_value *value = rb_value_member_at(env, i);
        const struct rb_value *parts = rb_value_get(value, "file");
        if (parts && varies(whole, parts))
            files[outside->file_count++] = name;
        else if (!parts && varies(whole, value))
            names[outside->name_count++] = name;
    }
    outside->names = names;
    outside->files = files;
}

static void step(const struct rb_check *check, int index)
{
    const struct rb_step *step = &check->plan->steps[index];
    enum rb_action action = step->action;
    if (action != RB_ACTION_RUN && action != RB_ACTION_EXEC && action != RB_ACTION_PIPE)
        return;
    rb_arena_clear(check->document->scratch);
    struct whole whole = {.check = check,
                          .book = rb_plan_book(check->plan, index),
                          .arena = check->document->scratch};
    RB_AUTO_VALUE const struct rb_value *env =
        rb_value_merge(whole.book->env, rb_value_get(step->spec, "env"));
    add_actions(&whole, index);
    add_env(&whole, env);
    if (whole.piece_count == 0)
        return;
    struct rb_shell_text text = {.lex = &whole.lex,
                                 .pieces = whole.pieces,
                                 .piece_count = whole.piece_count,
                                 .outside = whole.outside,
                                 .list = action != RB_ACTION_RUN};
    rb_shell_sinks(whole.arena, &text, check->diags);
}

/* A value in a variable that programs run is one that they read as source, whoever gets it. */
static void variable(const struct rb_check *check, const char *name,
                     const struct rb_yaml_node *value)
{
    const struct rb_yaml_node *file = rb_yaml_get(value, "file");
    const struct rb_yaml_node *scalar = file ? file : value;
    if (!rb_shell_runs_variable(name) || scalar->kind != RB_NODE_SCALAR)
        return;
    rb_arena_clear(check->document->scratch);
    struct whole whole = {
        .check = check, .book = check->plan->books[0], .arena = check->document->scratch};
    add_input(&whole, scalar, false);
    if (whole.outside.fed)
        rb_diag_help(rb_diag_add(check->diags, 501, scalar->span,
                                 "programs would run the text of a value in `%s`", name),
                     "give it a fixed text, and the value to a variable of another name");
}

/* The `env` of a step, of the file, or of one of its environments. */
static void variables(const struct rb_check *check, const struct rb_yaml_node *owner)
{
    const struct rb_yaml_node *env = rb_yaml_get(owner, "env");
    for (int i = 0; env && env->kind == RB_NODE_MAPPING && i < env->count; i++)
        variable(check, env->keys[i]->text, env->items[i]);
}

void rb_check_sources(const struct rb_check *check)
{
    const struct rb_document *document = check->document;
    const struct rb_yaml_node *environments = rb_yaml_get(document->root, "environments");
    variables(check, document->root);
    for (int i = 0; i < document->environment_count; i++)
        variables(check, environments->items[i]);
    for (int i = 0; i < check->plan->step_count; i++) {
        variables(check, document->step_nodes[i]);
        step(check, i);
    }
}
