#include "base/digest.h"

#include <nettle/sha2.h>
#include <nettle/version.h>

#include "base/mem.h"

/* Why nettle: whatever is started begins with a hash, and OpenSSL's libcrypto takes 8 million
 * instructions to load and to find its own SHA-256 (3 million with all that can be left out
 * left out), nettle less than half a million; both have the processor's own instructions. */

struct rb_digest {
    struct sha256_ctx context;
};

struct rb_digest *rb_digest_new(void)
{
    struct rb_digest *digest = rb_alloc(sizeof *digest);
    sha256_init(&digest->context);
    return digest;
}

void rb_digest_add(struct rb_digest *digest, const void *bytes, size_t length)
{
    sha256_update(&digest->context, length, bytes);
}

static void end(struct sha256_ctx *context, char ret_hex[RB_DIGEST_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[SHA256_DIGEST_SIZE];
#if NETTLE_VERSION_MAJOR < 4
    sha256_digest(context, sizeof sum, sum);
#else
    sha256_digest(context, sum);
#endif
    for (size_t i = 0; i < sizeof sum; i++) {
        ret_hex[2 * i] = digits[sum[i] >> 4];
        ret_hex[2 * i + 1] = digits[sum[i] & 15];
    }
    ret_hex[RB_DIGEST_HEX] = '\0';
}

void rb_digest_end(struct rb_digest *digest, char ret_hex[RB_DIGEST_HEX + 1])
{
    end(&digest->context, ret_hex);
    rb_digest_free(digest);
}

void rb_digest_free(struct rb_digest *digest)
{
    free(digest);
}

void rb_digest_of(const void *bytes, size_t length, char ret_hex[RB_DIGEST_HEX + 1])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, length, bytes);
    end(&context, ret_hex);
}
