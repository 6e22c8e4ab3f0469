/* Any bytes as a file of signers: each line is told of once, and only one with which nothing is wrong
 * lets somebody sign. */

#include "effects/signers.h"
#include "effects/sshsig.h"
#include "fuzz.h"

static void check_line(const struct rb_value *signers, const struct rb_value *line)
{
    RB_AUTO_BUF struct rb_buf out = {0};
    const struct rb_value *people = rb_value_get(line, "people");
    const char *why = NULL, *key = rb_value_get_text(line, "key", "");
    if (rb_value_get(line, "wrong"))
        return;
    assert(rb_value_count(people) > 0 && *key);
    for (size_t i = 0; i < rb_value_count(people); i++) {
        const char *who = rb_value_as_text(rb_value_at(people, i), "");
        assert(*who && !strpbrk(who, "*?!, \t\n\""));
        assert(rb_signers_find(signers, who, key, &out, &why));
    }
    /* What is handed to ssh-keygen is read the same way again. */
    RB_AUTO_VALUE const struct rb_value *again =
        rb_signers_read(rb_buf_text(&out), out.length);
    for (size_t i = 0; i < rb_value_count(again); i++)
        assert(!rb_value_get(rb_value_at(again, i), "wrong"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    RB_AUTO_VALUE const struct rb_value *signers =
        rb_signers_read((const char *)bytes, length);
    for (size_t i = 0; i < rb_value_count(signers); i++)
        check_line(signers, rb_value_at(signers, i));
    return 0;
}
