#include "lua/stream.h"

#include <inttypes.h>

#include "journal/blob.h"

bool rb_stream_read(const struct rb_world *world, const struct rb_value *reference,
                    struct rb_buf *out, struct rb_error *err)
{
    if (!reference)
        return true;
    const char *hex = rb_blob_hex(reference);
    int64_t bytes = rb_value_get_int(reference, "bytes", 0);
    int64_t lost = rb_value_get_int(reference, "lost", 0);
    if (!hex || world->run_dir < 0)
        return rb_fail(err, RB_ERR_NOT_FOUND, "the output was not kept");
    if (lost > 0) {
        return rb_fail(
            err, RB_ERR_INVALID,
            "%" PRId64 " bytes of the output were not kept; let it write to a file", lost);
    }
    if (bytes > RB_STREAM_CAP) {
        return rb_fail(err, RB_ERR_INVALID,
                       "the output has %" PRId64
                       " bytes, more than 16 MiB; let it write to a "
                       "file",
                       bytes);
    }
    struct rb_error why = {0};
    if (rb_blob_read(world->run_dir, hex, 0, RB_STREAM_CAP + 1, out, &why))
        return true;
    if ((why.code == RB_ERR_IO || why.code == RB_ERR_NOT_FOUND) && world->give_up)
        world->give_up(world->context, &why);
    *err = why;
    return false;
}
