#include "parse/shell_step.h"

#include "parse/shell_lexer.h"
#include "parse/shell_sink.h"
#include "plan/template.h"

/* The texts of a step one behind the other, as one whole. */
struct whole {
    const struct rb_compiler *c;
    struct rb_arena *arena;
    struct rb_shell_lex lex;
    struct rb_shell_piece *pieces;
    int piece_count, piece_capacity;
    size_t end;
    struct rb_shell_outside outside;
};

/* `vars.NAME` that the file gives a text without values: it is the author's own. */
static bool is_constant(const struct rb_compiler *c, const char *expr, size_t length)
{
    static const char prefix[] = "vars.";
    size_t skip = sizeof prefix - 1;
    if (length < skip || memcmp(expr, prefix, skip) != 0)
        return false;
    for (int i = 0; i < c->book->var_count; i++) {
        const struct rb_var *var = &c->book->vars[i];
        if (strlen(var->name) == length - skip &&
            memcmp(var->name, expr + skip, length - skip) == 0)
            return rb_value_as_text(var->value, NULL);
    }
    return false;
}

static bool is_fixed(const struct rb_compiler *c, const char *expr, size_t length)
{
    return rb_shell_is_number(expr, length) || is_constant(c, expr, length);
}

/* Of the values that were lexed last. */
static void find_fixed(struct whole *whole, int first, const struct rb_yaml_node *scalar)
{
    for (int i = first; i < whole->lex.place_count; i++) {
        struct rb_shell_place *place = &whole->lex.places[i];
        const struct rb_braces *braces = &place->braces;
        if (!place->fixed)
            place->fixed = is_constant(whole->c, scalar->text + (braces->expr - whole->end),
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

static void add_actions(struct whole *whole, const struct rb_draft *draft)
{
    bool pipe = draft->step.action == RB_ACTION_PIPE;
    bool script = draft->step.action == RB_ACTION_RUN;
    const struct rb_yaml_node *action =
        rb_yaml_get(draft->node, rb_action_name(draft->step.action));
    const struct rb_yaml_node *input = rb_yaml_get(draft->node, "stdin");
    if (script && action->kind == RB_NODE_SCALAR)
        add_script(whole, action);
    else if (!script && !pipe)
        add_program(whole, action);
    for (int i = 0; pipe && i < action->count; i++)
        add_program(whole, action->items[i]);
    if (input && input->kind == RB_NODE_SCALAR)
        add_input(whole, input, !script);
}

/* The environment. */

/* A text, a secret, or a list of them. */
bool rb_shell_step_varies(const struct rb_compiler *c, const struct rb_value *value)
{
    int *items = NULL, count = 0, capacity = 0;
    bool varies = rb_template_secret(value);
    for (size_t i = 0; rb_value_is(value, RB_LIST) && i < rb_value_count(value); i++)
        varies |= rb_template_secret(rb_value_at(value, i)) != NULL;
    rb_template_exprs(value, &items, &count, &capacity);
    for (int i = 0; i < count; i++) {
        const char *source = c->exprs[items[i]].source;
        varies |= !is_fixed(c, source, strlen(source));
    }
    free(items);
    return varies;
}

static void add_env(const struct rb_compiler *c, struct whole *whole,
                    const struct rb_value *env)
{
    size_t count = rb_value_count(env);
    const char **names = rb_arena_alloc(whole->arena, (count + 1) * sizeof *names);
    const char **files = rb_arena_alloc(whole->arena, (count + 1) * sizeof *files);
    struct rb_shell_outside *outside = &whole->outside;
    for (size_t i = 0; i < count; i++) {
        const char *name = rb_value_as_text(rb_value_key_at(env, i), "");
        const struct rb_value *value = rb_value_member_at(env, i);
        const struct rb_value *parts = rb_value_get(value, "file");
        if (parts && rb_shell_step_varies(c, parts))
            files[outside->file_count++] = name;
        else if (!parts && rb_shell_step_varies(c, value))
            names[outside->name_count++] = name;
    }
    outside->names = names;
    outside->files = files;
}

void rb_shell_step(struct rb_compiler *c, const struct rb_draft *draft)
{
    enum rb_action action = draft->step.action;
    if (action != RB_ACTION_RUN && action != RB_ACTION_EXEC && action != RB_ACTION_PIPE)
        return;
    rb_arena_clear(c->document->scratch);
    struct whole whole = {.c = c, .arena = c->document->scratch};
    RB_AUTO_VALUE const struct rb_value *env = rb_value_merge(c->book->env, draft->own.env);
    add_actions(&whole, draft);
    add_env(c, &whole, env);
    if (whole.piece_count == 0)
        return;
    struct rb_shell_text text = {.lex = &whole.lex,
                                 .pieces = whole.pieces,
                                 .piece_count = whole.piece_count,
                                 .outside = whole.outside,
                                 .list = action != RB_ACTION_RUN};
    rb_shell_sinks(whole.arena, &text, c->diags);
}
