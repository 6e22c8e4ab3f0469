#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "plan/mail.h"

static void addresses_are_plain_ones(void **state)
{
    static const char *const good[] = {"ops@example.org", "o.p-s+x=1@a.b.example.org",
                                       "a@localhost", "{r}!#$%&'*/?^_`|~@x-1.example"};
    static const char *const bad[] = {"",
                                      "ops",
                                      "@example.org",
                                      "ops@",
                                      "a@b@c",
                                      "ops@example..org",
                                      ".a@b",
                                      "a.@b",
                                      "a..b@c",
                                      "a b@c.d",
                                      "<a@b.c>",
                                      "a@b.c,d@e.f",
                                      "a@b\r\nRCPT TO:<x@y>",
                                      "\"a b\"@c.d",
                                      "a@[127.0.0.1]",
                                      "ä@b.c",
                                      "a@b.c ",
                                      "a@.b"};
    (void)state;
    for (size_t i = 0; i < RB_COUNT(good); i++)
        assert_true(rb_mail_is_address(good[i]));
    for (size_t i = 0; i < RB_COUNT(bad); i++)
        assert_false(rb_mail_is_address(bad[i]));
}

static void one_that_no_server_takes_is_none(void **state)
{
    char text[300];
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + 64, "@b", sizeof "@b");
    assert_true(rb_mail_is_address(text));
    memset(text, 'a', sizeof text);
    memcpy(text + 65, "@b", sizeof "@b");
    assert_false(rb_mail_is_address(text));
    memset(text, 'a', sizeof text);
    text[1] = '@';
    text[254] = '\0';
    assert_true(rb_mail_is_address(text));
    text[254] = 'a';
    text[255] = '\0';
    assert_false(rb_mail_is_address(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_plain_ones),
        cmocka_unit_test(one_that_no_server_takes_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
