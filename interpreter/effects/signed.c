#include "effects/signed.h"

#include <string.h>

#include "base/json.h"
#include "core/statement.h"

static bool take_apart(const struct rb_value *file, struct rb_signed *ret_signed,
                       struct rb_error *err)
{
    const struct rb_value *armour = rb_value_get(file, "signature");
    const struct rb_value *statement = rb_value_get(file, "statement");
    if (rb_value_count(file) != 2 || !rb_value_is(armour, RB_STRING) ||
        !rb_statement_is_one(statement))
        return rb_fail(err, RB_ERR_INVALID,
                       "it has to be {\"signature\": ..., \"statement\": ...}, as `runbook "
                       "approve` writes it");
    ret_signed->statement = rb_value_ref(statement);
    return rb_sshsig_unarmour(rb_value_as_text(armour, ""), rb_value_length(armour),
                              &ret_signed->blob, err) &&
           rb_sshsig_read(rb_buf_text(&ret_signed->blob), ret_signed->blob.length,
                          &ret_signed->sig, err);
}

bool rb_signed_read(const char *bytes, size_t length, struct rb_signed *ret_signed,
                    struct rb_error *err)
{
    RB_AUTO_VALUE const struct rb_value *file = NULL;
    RB_AUTO_BUF struct rb_buf again = {0};
    struct rb_signed got = {0};
    while (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length > RB_SIGNED_MAX)
        return rb_fail(err, RB_ERR_INVALID, "it is larger than %d bytes", RB_SIGNED_MAX);
    if (!rb_json_decode(bytes, length, &file, err))
        return false;
    rb_json_encode(file, &again);
    if (again.length != length || memcmp(rb_buf_text(&again), bytes, length) != 0)
        return rb_fail(err, RB_ERR_INVALID,
                       "it is not written as `runbook approve` writes it");
    if (!take_apart(file, &got, err)) {
        rb_signed_done(&got);
        return false;
    }
    *ret_signed = got;
    return true;
}

void rb_signed_write(const struct rb_value *statement, const void *blob, size_t length,
                     struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf armour = {0};
    rb_sshsig_armour(blob, length, &armour);
    RB_AUTO_VALUE const struct rb_value *file =
        rb_value_map("signature", rb_value_text(rb_buf_text(&armour)), "statement",
                     rb_value_ref(statement), NULL);
    rb_json_encode(file, out);
    rb_buf_putc(out, '\n');
}

void rb_signed_done(struct rb_signed *signed_)
{
    rb_value_unref(signed_->statement);
    rb_buf_done(&signed_->blob);
    *signed_ = (struct rb_signed){0};
}
