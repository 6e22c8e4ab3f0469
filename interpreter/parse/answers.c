#include "parse/answers.h"

#include "base/text.h"
#include "parse/fields.h"
#include "parse/scalar.h"

/* `yes` is a word here; so is all that is not plainly a number, true or false. */
static const struct rb_value *word(const struct rb_yaml_node *node, struct rb_diags *diags)
{
    const char *text;
    int64_t number;
    double fraction;
    if (!rb_scalar_text(node, "answer", diags, &text))
        return NULL;
    if (node->style != RB_SCALAR_PLAIN)
        return rb_value_text(text);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return rb_value_bool(*text == 't');
    if (rb_scalar_parse_int(text, &number))
        return rb_value_int(number);
    if (rb_scalar_parse_fraction(text, &fraction))
        return rb_value_number(fraction);
    return rb_value_text(text);
}

static const struct rb_value *entry(const struct rb_value *owned_answer,
                                    const struct rb_yaml_node *node,
                                    const struct rb_value *more)
{
    RB_AUTO_VALUE const struct rb_value *base =
        rb_value_map("answer", owned_answer, "line", rb_value_int(node->span.line), NULL);
    return rb_value_merge(base, more);
}

static void add_map(const struct rb_yaml_node *node, struct rb_diags *diags,
                    struct rb_list_builder *list)
{
    static const char *const known[] = {"answer", "reason", "note", "evidence", NULL};
    struct rb_map_builder more = {0};
    const struct rb_value *answer = NULL;
    bool answered = false;
    for (int i = 0; i < node->count; i++) {
        const char *key = node->keys[i]->text, *text;
        int at = 0;
        while (known[at] && strcmp(known[at], key) != 0)
            at++;
        answered |= at == 0;
        if (!known[at])
            rb_fields_unknown(diags, node->keys[i], "an answer", known);
        else if (at == 0)
            answer = word(node->items[i], diags);
        else if (rb_scalar_text(node->items[i], key, diags, &text))
            rb_map_add(&more, key, rb_value_text(text));
    }
    RB_AUTO_VALUE const struct rb_value *rest = rb_map_end(&more);
    if (!answered)
        rb_fields_missing(diags, node, "this answer", "answer",
                          "say what is answered: {answer: yes, note: ...}");
    if (answer)
        rb_list_add(list, entry(answer, node, rest));
}

static void add_answer(const struct rb_yaml_node *node, struct rb_diags *diags,
                       struct rb_list_builder *list)
{
    if (node->kind == RB_NODE_MAPPING) {
        add_map(node, diags, list);
    } else if (node->kind == RB_NODE_SCALAR) {
        const struct rb_value *answer = word(node, diags);
        if (answer)
            rb_list_add(list, entry(answer, node, NULL));
    } else if (node->kind == RB_NODE_SEQUENCE) {
        rb_diag_help(rb_diag_add(diags, 608, node->span, "a list in a list of answers"),
                     "write one answer for each time that the question is asked");
    }
}

static const struct rb_value *answers_of(const struct rb_yaml_node *node,
                                         struct rb_diags *diags)
{
    struct rb_list_builder list = {0};
    if (node->kind == RB_NODE_SEQUENCE) {
        for (int i = 0; i < node->count; i++)
            add_answer(node->items[i], diags, &list);
    } else {
        add_answer(node, diags, &list);
    }
    return rb_list_end(&list);
}

static const struct rb_yaml_node *find_answers(const struct rb_yaml_node *root,
                                               struct rb_diags *diags)
{
    static const char *const known[] = {"answers", NULL};
    if (!rb_scalar_kind(root, RB_NODE_MAPPING, "a file of answers", diags))
        return NULL;
    for (int i = 0; i < root->count; i++) {
        if (strcmp(root->keys[i]->text, known[0]) != 0)
            rb_fields_unknown(diags, root->keys[i], "a file of answers", known);
    }
    const struct rb_yaml_node *answers = rb_yaml_get(root, known[0]);
    if (!answers)
        rb_fields_missing(diags, root, "the file", known[0],
                          "begin it with `answers:` and put the answers below");
    else if (!rb_scalar_field(answers, RB_NODE_MAPPING, known[0], diags))
        return NULL;
    return answers;
}

bool rb_answers_read(struct rb_arena *arena, const char *path, const char *text,
                     size_t length, struct rb_diags *diags,
                     const struct rb_value **ret_answers)
{
    int before = diags->errors;
    const struct rb_source *source = rb_source_new(arena, path, text, length);
    const struct rb_yaml_node *root = rb_yaml_read(arena, source, diags);
    const struct rb_yaml_node *answers = root ? find_answers(root, diags) : NULL;
    if (!answers)
        return false;
    struct rb_map_builder map = {0};
    for (int i = 0; i < answers->count; i++)
        rb_map_add(&map, answers->keys[i]->text, answers_of(answers->items[i], diags));
    const struct rb_value *read = rb_map_end(&map);
    if (diags->errors == before)
        *ret_answers = read;
    else
        rb_value_unref(read);
    return diags->errors == before;
}
