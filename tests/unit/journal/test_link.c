#include "trial.h"

#include <string.h>

#include "journal/link.h"

static void what_was_closed_holds(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf line = {0};
    char hash[RB_DIGEST_HEX + 1], again[RB_DIGEST_HEX + 1];
    size_t body = 0;
    rb_buf_puts(&line, "{\"a\":1");
    rb_link_close("tag", &line, 0, hash);
    assert_int_equal(line.length, 6 + 74);
    assert_int_equal(line.data[line.length - 1], '\n');
    assert_int_equal(rb_link_check("tag", line.data, line.length - 1, &body, again),
                     RB_LINK_HOLDS);
    assert_int_equal(body, 6);
    assert_string_equal(hash, again);
}

static void another_tag_gives_another_hash(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf line = {0};
    char hash[RB_DIGEST_HEX + 1];
    size_t body = 0;
    rb_buf_puts(&line, "{\"a\":1");
    rb_link_close("tag", &line, 0, hash);
    assert_int_equal(rb_link_check("gat", line.data, line.length - 1, &body, hash),
                     RB_LINK_BROKEN);
}

static void a_line_without_the_shape_has_no_link(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf line = {0};
    char hash[RB_DIGEST_HEX + 1];
    size_t body = 0;
    rb_buf_puts(&line, "{\"a\":1");
    rb_link_close("tag", &line, 0, hash);
    for (size_t length = 0; length < line.length - 1; length++)
        assert_int_equal(rb_link_check("tag", line.data, length, &body, hash),
                         RB_LINK_MISSING);
    assert_int_equal(rb_link_check("tag", line.data, line.length, &body, hash),
                     RB_LINK_MISSING);
}

static void the_hash_is_written_in_lower_case(void **state)
{
    (void)state;
    RB_AUTO_BUF struct rb_buf line = {0};
    char hash[RB_DIGEST_HEX + 1];
    size_t body = 0;
    rb_buf_puts(&line, "{\"a\":1");
    rb_link_close("tag", &line, 0, hash);
    char *letter = strpbrk(line.data + 13, "abcdef");
    assert_non_null(letter);
    *letter = (char)(*letter - 'a' + 'A');
    assert_int_equal(rb_link_check("tag", line.data, line.length - 1, &body, hash),
                     RB_LINK_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_closed_holds),
        cmocka_unit_test(another_tag_gives_another_hash),
        cmocka_unit_test(a_line_without_the_shape_has_no_link),
        cmocka_unit_test(the_hash_is_written_in_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
