#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"

#include "base/mem.h"

static void the_vectors_of_fips_180_hold(void **state)
{
    (void)state;
    char hex[RB_DIGEST_HEX + 1];
    rb_digest_of("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924"
                             "27ae41e4649b934ca495991b7852b855");
    rb_digest_of("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
                             "b00361a396177a9cb410ff61f20015ad");
}

static void pieces_give_the_digest_of_the_whole(void **state)
{
    (void)state;
    char bytes[1000], whole[RB_DIGEST_HEX + 1], pieces[RB_DIGEST_HEX + 1];
    memset(bytes, 'a', sizeof bytes);
    rb_digest_of(bytes, sizeof bytes, whole);
    assert_string_equal(whole, "41edece42d63e8d9bf515a9ba6932e1c"
                               "20cbc9f5a5d134645adb5db1b9737ea3");
    struct rb_digest *digest = rb_digest_new();
    for (size_t at = 0; at < sizeof bytes; at += 125)
        rb_digest_add(digest, bytes + at, 125);
    rb_digest_end(digest, pieces);
    assert_string_equal(pieces, whole);
}

static void a_digest_can_be_given_up(void **state)
{
    (void)state;
    struct rb_digest *digest = rb_digest_new();
    rb_digest_add(digest, "abc", 3);
    rb_digest_free(digest);
    rb_digest_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_fips_180_hold),
        cmocka_unit_test(pieces_give_the_digest_of_the_whole),
        cmocka_unit_test(a_digest_can_be_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
