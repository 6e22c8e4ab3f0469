#include "effects/sshsig.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"

static const char begins[] = "-----BEGIN SSH SIGNATURE-----\n";
static const char ends[] = "-----END SSH SIGNATURE-----";
enum { COLUMNS = 70 };

/* What is left to be read (RFC 4251, section 5). */
struct wire {
    const unsigned char *at;
    size_t left;
};

static bool take_u32(struct wire *wire, uint32_t *ret_number)
{
    if (wire->left < 4)
        return false;
    const unsigned char *at = wire->at;
    *ret_number =
        (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    wire->at += 4;
    wire->left -= 4;
    return true;
}

static bool take_string(struct wire *wire, struct wire *ret_string)
{
    uint32_t length;
    if (!take_u32(wire, &length) || length > wire->left)
        return false;
    *ret_string = (struct wire){wire->at, length};
    wire->at += length;
    wire->left -= length;
    return true;
}

/* Names are visible ASCII, and short. */
static bool take_name(struct wire *wire, char *ret_name, size_t size)
{
    struct wire name;
    if (!take_string(wire, &name) || name.left >= size)
        return false;
    for (size_t i = 0; i < name.left; i++) {
        if (name.at[i] <= ' ' || name.at[i] > '~')
            return false;
    }
    memcpy(ret_name, name.at, name.left);
    ret_name[name.left] = '\0';
    return true;
}

static int digit_of(char hex)
{
    return hex <= '9' ? hex - '0' : hex - 'a' + 10;
}

/* As ssh-keygen -l writes it: base64 without padding. */
static void fingerprint(const void *blob, size_t length, char ret_key[RB_FINGERPRINT])
{
    RB_AUTO_BUF struct rb_buf text = {0};
    char hex[RB_DIGEST_HEX + 1];
    unsigned char bytes[RB_DIGEST_HEX / 2];
    rb_digest_of(blob, length, hex);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(digit_of(hex[2 * i]) << 4 | digit_of(hex[2 * i + 1]));
    rb_base64_encode(bytes, sizeof bytes, &text);
    snprintf(ret_key, RB_FINGERPRINT, "SHA256:%.43s", rb_buf_text(&text));
}

bool rb_ssh_key_read(const void *blob, size_t length, char ret_key[RB_FINGERPRINT],
                     char ret_type[64], struct rb_error *err)
{
    struct wire wire = {blob, length};
    char type[64];
    if (!take_name(&wire, type, sizeof type) || !*type || wire.left == 0)
        return rb_fail(err, RB_ERR_INVALID, "it is no public key of OpenSSH");
    fingerprint(blob, length, ret_key);
    memcpy(ret_type, type, sizeof type);
    return true;
}

bool rb_sshsig_read(const void *blob, size_t length, struct rb_sshsig *ret_sig,
                    struct rb_error *err)
{
    static const char magic[] = "SSHSIG";
    enum { MAGIC = sizeof magic - 1 };
    struct wire wire = {blob, length}, key, reserved, signature;
    struct rb_sshsig sig;
    char hash[16];
    uint32_t version;
    if (length < MAGIC || memcmp(blob, magic, MAGIC) != 0)
        return rb_fail(err, RB_ERR_INVALID, "it is no signature of OpenSSH");
    wire = (struct wire){wire.at + MAGIC, length - MAGIC};
    if (!take_u32(&wire, &version) || version != 1 || !take_string(&wire, &key) ||
        !take_name(&wire, sig.name, sizeof sig.name) || !take_string(&wire, &reserved) ||
        !take_name(&wire, hash, sizeof hash) || !take_string(&wire, &signature) ||
        wire.left > 0)
        return rb_fail(err, RB_ERR_INVALID, "the signature is cut off, or more than one");
    if (!rb_ssh_key_read(key.at, key.left, sig.key, sig.type, err))
        return rb_error_prefix(err, "the key of the signature");
    *ret_sig = sig;
    return true;
}

bool rb_sshsig_unarmour(const char *text, size_t length, struct rb_buf *out,
                        struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf letters = {0};
    size_t from = sizeof begins - 1;
    const char *end = length > from && memcmp(text, begins, from) == 0
                          ? memmem(text, length, ends, sizeof ends - 1)
                          : NULL;
    if (!end || end < text + from)
        return rb_fail(err, RB_ERR_INVALID, "it is not the armour of an SSH signature");
    for (const char *at = text + from; at < end; at++) {
        if (*at != '\n')
            rb_buf_putc(&letters, *at);
    }
    if (letters.length > RB_SSHSIG_MAX ||
        !rb_base64_decode(rb_buf_text(&letters), letters.length, out))
        return rb_fail(err, RB_ERR_INVALID, "the armour of the signature holds no base64");
    return true;
}

void rb_sshsig_armour(const void *blob, size_t length, struct rb_buf *out)
{
    RB_AUTO_BUF struct rb_buf letters = {0};
    rb_base64_encode(blob, length, &letters);
    rb_buf_puts(out, begins);
    for (size_t at = 0; at < letters.length; at += COLUMNS) {
        size_t left = letters.length - at;
        rb_buf_append(out, letters.data + at, left < COLUMNS ? left : COLUMNS);
        rb_buf_putc(out, '\n');
    }
    rb_buf_puts(out, ends);
    rb_buf_putc(out, '\n');
}
