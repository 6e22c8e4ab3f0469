/* A loop that can't wait for sockets any more. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_scene.h"

/* The linker puts this in front of the call (meson.build). */
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): ld's names
int __real_uv_poll_init_socket(uv_loop_t *loop, uv_poll_t *poll, uv_os_sock_t socket);
int __wrap_uv_poll_init_socket(uv_loop_t *loop, uv_poll_t *poll, uv_os_sock_t socket);
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

static bool is_broken;

int __wrap_uv_poll_init_socket(uv_loop_t *loop, uv_poll_t *poll, uv_os_sock_t socket)
{
    return is_broken ? UV_ENOMEM : __real_uv_poll_init_socket(loop, poll, socket);
}

static struct http_scene scene;

static void every_request_still_has_an_outcome(void **state)
{
    (void)state;
    http_scene_open(&scene, NULL);
    is_broken = true;
    for (int i = 0; i < 3; i++)
        http_send(&scene, http_with(http_to(&scene, "POST", "/echo"), "dir",
                                    rb_value_textf("a.%d", i)));
    http_wait(&scene, 3);
    assert_error(&scene, "unsent", "no");
    is_broken = false;
    http_run(&scene, http_to(&scene, "POST", "/echo"));
    assert_status(&scene, 200);
    assert_int_equal(http_seen(&scene, "/echo"), 1);
    http_scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_still_has_an_outcome)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
