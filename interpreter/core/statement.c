#include "core/statement.h"

#include "base/json.h"

static const struct rb_value *text_of(const struct rb_value *map, const char *member)
{
    return rb_value_text(rb_value_get_text(map, member, ""));
}

const struct rb_value *rb_statement_of(const struct rb_value *created,
                                       const struct rb_value *question)
{
    return rb_value_map("v", rb_value_int(1), "run", text_of(created, "run"), "nonce",
                        text_of(created, "nonce"), "plan", text_of(created, "plan"),
                        "environment", text_of(created, "environment"), "step",
                        text_of(question, "step"), "q",
                        rb_value_int(rb_value_get_int(question, "q", -1)), "expires",
                        rb_value_int(rb_value_get_int(question, "expires", 0)), NULL);
}

void rb_statement_bytes(const struct rb_value *statement, struct rb_buf *out)
{
    rb_json_encode(statement, out);
    rb_buf_putc(out, '\n');
}

static const struct {
    const char *name;
    enum rb_kind kind;
    bool optional;
} members[] = {{"v", RB_INT, false},         {"run", RB_STRING, false},
               {"nonce", RB_STRING, false},  {"plan", RB_STRING, false},
               {"step", RB_STRING, false},   {"environment", RB_STRING, false},
               {"q", RB_INT, false},         {"head", RB_STRING, false},
               {"seq", RB_INT, false},       {"expires", RB_INT, false},
               {"shown", RB_STRING, false},  {"who", RB_STRING, false},
               {"role", RB_STRING, false},   {"decision", RB_STRING, false},
               {"reason", RB_STRING, true},  {"note", RB_STRING, true},
               {"evidence", RB_STRING, true}};

bool rb_statement_is_one(const struct rb_value *statement)
{
    size_t count = 0;
    for (size_t i = 0; i < RB_COUNT(members); i++) {
        const struct rb_value *value = rb_value_get(statement, members[i].name);
        if (value ? rb_value_kind(value) != members[i].kind : !members[i].optional)
            return false;
        count += value != NULL;
    }
    return rb_value_is(statement, RB_MAP) && count == rb_value_count(statement);
}

static const struct rb_value *given(const struct rb_value *statement, const char *member)
{
    const struct rb_value *value = rb_value_get(statement, member);
    return rb_value_ref(value);
}

const struct rb_value *rb_statement_answer(const struct rb_value *statement)
{
    return rb_value_map("answer", given(statement, "decision"), "by",
                        given(statement, "who"), "role", given(statement, "role"), "reason",
                        given(statement, "reason"), "note", given(statement, "note"),
                        "evidence", given(statement, "evidence"), NULL);
}

bool rb_question_is_signed(const struct rb_value *question)
{
    return rb_value_count(rb_value_get(question, "roles")) > 0;
}
