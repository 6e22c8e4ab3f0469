/* Which addresses are local to a machine. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "effects/address.h"

static bool is_link_local(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return rb_address_is_link_local((const struct sockaddr *)&four);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return rb_address_is_link_local((const struct sockaddr *)&six);
}

static void link_local_addresses_are_told(void **state)
{
    (void)state;
    assert_true(is_link_local("169.254.169.254"));
    assert_true(is_link_local("::ffff:169.254.0.1"));
    assert_true(is_link_local("fe80::1"));
    assert_false(is_link_local("169.253.255.255"));
    assert_false(is_link_local("127.0.0.1"));
    assert_false(is_link_local("2001:db8::1"));
}

static void the_machine_itself_is_told(void **state)
{
    (void)state;
    const char *const own[] = {"127.0.0.1", "127.255.0.1", "0.0.0.0",
                               "::1",       "::",          "::ffff:127.0.0.1"};
    const char *const others[] = {"10.0.0.1",    "128.0.0.1", "2001:db8::1",
                                  "169.254.0.1", "localhost", ""};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        assert_true(rb_address_text_is_this_machine(own[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(rb_address_text_is_this_machine(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_local_addresses_are_told),
        cmocka_unit_test(the_machine_itself_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
