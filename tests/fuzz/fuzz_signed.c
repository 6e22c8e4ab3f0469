/* Any bytes as a signed answer: what is taken is written again as the same bytes, but for what stood
 * behind the armour. The same bytes as a blob of a signature. */

#include "core/statement.h"
#include "effects/signed.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    RB_CLEANUP(rb_signed_done) struct rb_signed got = {0}, back = {0};
    RB_AUTO_BUF struct rb_buf again = {0};
    struct rb_error err = {0};
    struct rb_sshsig sig;
    if (rb_sshsig_read(bytes, length, &sig, &err))
        assert(strncmp(sig.key, "SHA256:", 7) == 0 && strlen(sig.key) == 50);
    if (!rb_signed_read((const char *)bytes, length, &got, &err)) {
        assert(*err.message);
        return 0;
    }
    assert(rb_statement_is_one(got.statement));
    rb_signed_write(got.statement, rb_buf_text(&got.blob), got.blob.length, &again);
    assert(rb_signed_read(rb_buf_text(&again), again.length, &back, &err));
    assert(rb_value_equal(got.statement, back.statement));
    assert(got.blob.length == back.blob.length &&
           memcmp(got.blob.data, back.blob.data, back.blob.length) == 0);
    return 0;
}
