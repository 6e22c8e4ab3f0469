/* Which addresses are local to a machine. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "effects/address.h"

static void addresses_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum rb_address_place place;
    } known[] = {
        {"169.254.169.254", RB_ADDRESS_LINK_LOCAL},
        {"::ffff:169.254.0.1", RB_ADDRESS_LINK_LOCAL},
        {"fe80::1", RB_ADDRESS_LINK_LOCAL},
        {"127.0.0.1", RB_ADDRESS_THIS_MACHINE},
        {"127.255.0.1", RB_ADDRESS_THIS_MACHINE},
        {"0.0.0.0", RB_ADDRESS_THIS_MACHINE},
        {"::1", RB_ADDRESS_THIS_MACHINE},
        {"::", RB_ADDRESS_THIS_MACHINE},
        {"::ffff:127.0.0.1", RB_ADDRESS_THIS_MACHINE},
        {"169.253.255.255", RB_ADDRESS_ELSEWHERE},
        {"128.0.0.1", RB_ADDRESS_ELSEWHERE},
        {"10.0.0.1", RB_ADDRESS_ELSEWHERE},
        {"2001:db8::1", RB_ADDRESS_ELSEWHERE},
        {"localhost", RB_ADDRESS_ELSEWHERE},
        {"", RB_ADDRESS_ELSEWHERE},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (rb_address_text_place(known[i].text) != known[i].place)
            fail_msg("%s", known[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
