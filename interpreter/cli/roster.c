#include "cli/roster.h"

#include <stdio.h>
#include <string.h>

struct roster {
    const struct rb_plan *plan;
    const struct rb_value *signers;
    rb_time utc;
    int64_t wrong;
};

static bool has(const struct rb_value *list, const char *text)
{
    for (size_t i = 0; i < rb_value_count(list); i++) {
        if (strcmp(rb_value_as_text(rb_value_at(list, i), ""), text) == 0)
            return true;
    }
    return false;
}

/* 20261231, 202612312359 or 20261231235959, with or without Z, as UTC; what is missing is zero. */
static bool time_of(const char *text, rb_time *ret_utc)
{
    char full[15] = "00000000000000", rfc[32];
    size_t digits = strspn(text, "0123456789");
    memcpy(full, text, digits < 14 ? digits : 14);
    snprintf(rfc, sizeof rfc, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.000000Z", full, full + 4,
             full + 6, full + 8, full + 10, full + 12);
    return rb_time_parse(rfc, ret_utc);
}

/* What of its time keeps a key from signing now; NULL: nothing. */
static const char *untimely(const struct rb_value *line, rb_time utc)
{
    rb_time after, before;
    const char *from = rb_value_get_text(line, "valid_after", NULL);
    const char *to = rb_value_get_text(line, "valid_before", NULL);
    if (from && (!time_of(from, &after) || utc < after))
        return "its time has not begun";
    if (to && (!time_of(to, &before) || utc >= before))
        return "its time is over";
    return NULL;
}

/* Somebody else who has the same key: the two count as one. */
static const char *shared(const struct roster *roster, const struct rb_value *line,
                          const char *who)
{
    const char *key = rb_value_get_text(line, "key", "");
    for (size_t i = 0; i < rb_value_count(roster->signers); i++) {
        const struct rb_value *other = rb_value_at(roster->signers, i);
        const struct rb_value *people = rb_value_get(other, "people");
        if (strcmp(rb_value_get_text(other, "key", "-"), key) != 0)
            continue;
        for (size_t k = 0; k < rb_value_count(people); k++) {
            const char *name = rb_value_as_text(rb_value_at(people, k), "");
            if (strcmp(name, who) != 0)
                return name;
        }
    }
    return NULL;
}

static const struct rb_value *key_of(struct roster *roster, const struct rb_value *line,
                                     const char *who, bool *ret_usable)
{
    const char *wrong = rb_value_get_text(line, "wrong", NULL);
    const char *other = shared(roster, line, who);
    if (!wrong)
        wrong = untimely(line, roster->utc);
    *ret_usable |= !wrong;
    roster->wrong += wrong != NULL;
    roster->wrong += other != NULL;
    const struct rb_value *key = rb_value_get(line, "key"),
                          *type = rb_value_get(line, "type");
    return rb_value_map(
        "key", rb_value_ref(key), "type", rb_value_ref(type), "line",
        rb_value_ref(rb_value_get(line, "line")), "wrong",
        wrong ? rb_value_text(wrong) : NULL, "note",
        other ? rb_value_textf("it is also the key of %s: the two count as one", other)
              : NULL,
        NULL);
}

static const struct rb_value *person_of(struct roster *roster, const char *who)
{
    struct rb_list_builder keys = {0};
    bool usable = false;
    for (size_t i = 0; i < rb_value_count(roster->signers); i++) {
        const struct rb_value *line = rb_value_at(roster->signers, i);
        if (has(rb_value_get(line, "people"), who))
            rb_list_add(&keys, key_of(roster, line, who, &usable));
    }
    const char *wrong = keys.count == 0 ? "has no key in the file of signers"
                        : !usable       ? "has no key that lets them sign"
                                        : NULL;
    roster->wrong += keys.count == 0;
    return rb_value_map("who", rb_value_text(who), "keys", rb_list_end(&keys), "wrong",
                        wrong ? rb_value_text(wrong) : NULL, NULL);
}

static const struct rb_value *role_of(struct roster *roster, size_t index)
{
    const struct rb_value *people = rb_value_member_at(roster->plan->roles, index);
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(people); i++)
        rb_list_add(&list, person_of(roster, rb_value_as_text(rb_value_at(people, i), "")));
    return rb_value_map("role", rb_value_ref(rb_value_key_at(roster->plan->roles, index)),
                        "people", rb_list_end(&list), NULL);
}

static bool in_a_role(const struct rb_plan *plan, const struct rb_value *people)
{
    for (size_t r = 0; r < rb_value_count(plan->roles); r++) {
        for (size_t i = 0; i < rb_value_count(people); i++) {
            if (has(rb_value_member_at(plan->roles, r),
                    rb_value_as_text(rb_value_at(people, i), "")))
                return true;
        }
    }
    return false;
}

/* Lines that nobody in a role has: somebody may have meant them to count. */
static const struct rb_value *others(struct roster *roster)
{
    struct rb_list_builder list = {0};
    for (size_t i = 0; i < rb_value_count(roster->signers); i++) {
        const struct rb_value *line = rb_value_at(roster->signers, i);
        const struct rb_value *people = rb_value_get(line, "people");
        const char *wrong = rb_value_get_text(line, "wrong", NULL);
        if (in_a_role(roster->plan, people))
            continue;
        roster->wrong += wrong != NULL;
        rb_list_add(&list,
                    rb_value_map("line", rb_value_ref(rb_value_get(line, "line")), "people",
                                 rb_value_ref(people), "wrong",
                                 rb_value_text(wrong ? wrong : "is in no role"), NULL));
    }
    return rb_list_end(&list);
}

const struct rb_value *rb_roster(const struct rb_plan *plan, const struct rb_value *signers,
                                 rb_time utc)
{
    struct roster roster = {.plan = plan, .signers = signers, .utc = utc};
    struct rb_list_builder roles = {0};
    for (size_t i = 0; i < rb_value_count(plan->roles); i++)
        rb_list_add(&roles, role_of(&roster, i));
    const struct rb_value *all = rb_list_end(&roles), *rest = others(&roster);
    return rb_value_map("roles", all, "lines", rest, "wrong", rb_value_int(roster.wrong),
                        NULL);
}
