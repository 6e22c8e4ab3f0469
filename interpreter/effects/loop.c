#include "effects/loop.h"

bool rb_loop_init(uv_loop_t *ret_loop, struct rb_error *err)
{
    int code = uv_loop_init(ret_loop);
    return code == 0 ||
           rb_fail(err, RB_ERR_IO, "a loop of events can't be had: %s", uv_strerror(code));
}
