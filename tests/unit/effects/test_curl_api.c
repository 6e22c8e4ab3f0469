/* What is said of a library that isn't there, or isn't the right one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>

#include "effects/curl_api.h"

/* The linker puts these in front of the two calls (meson.build). */
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld's names
void *__real_dlopen(const char *name, int flags);
void *__real_dlsym(void *library, const char *name);
void *__wrap_dlopen(const char *name, int flags);
void *__wrap_dlsym(void *library, const char *name);
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

static bool is_missing, is_old;
static const char *lacks = "";

void *__wrap_dlopen(const char *name, int flags)
{
    return is_missing ? NULL : __real_dlopen(name, flags);
}

static curl_version_info_data *old_version(CURLversion age)
{
    static curl_version_info_data info;
    (void)age;
    info = (curl_version_info_data){
        .version = "7.74.0", .version_num = 0x074a00, .ssl_version = "OpenSSL/3.0"};
    return &info;
}

void *__wrap_dlsym(void *library, const char *name)
{
    if (is_old && strcmp(name, "curl_version_info") == 0)
        return (void *)old_version;
    return strcmp(name, lacks) == 0 ? NULL : __real_dlsym(library, name);
}

static void assert_refused(const char *says)
{
    struct rb_curl curl;
    struct rb_error err;
    assert_false(rb_curl_open(&curl, &err));
    assert_int_equal(err.code, RB_ERR_NOT_FOUND);
    if (!strstr(err.message, says))
        fail_msg("%s", err.message);
}

static void a_missing_library_names_its_package(void **state)
{
    (void)state;
    is_missing = true;
    assert_refused("install libcurl4");
    is_missing = false;
}

static void an_old_one_is_refused(void **state)
{
    (void)state;
    is_old = true;
    assert_refused("libcurl is 7.74.0");
    is_old = false;
    lacks = "curl_easy_nextheader";
    assert_refused("lacks curl_easy_nextheader");
    lacks = "SSL_get1_peer_certificate";
    assert_refused("built with OpenSSL 3");
    lacks = "";
}

static void the_right_one_is_loaded_as_often_as_wanted(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct rb_curl curl;
        struct rb_error err;
        if (!rb_curl_open(&curl, &err))
            fail_msg("%s", err.message);
        assert_true(curl.version_info(CURLVERSION_NOW)->version_num >= 0x075800);
        rb_curl_close(&curl);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_library_names_its_package),
        cmocka_unit_test(an_old_one_is_refused),
        cmocka_unit_test(the_right_one_is_loaded_as_often_as_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
