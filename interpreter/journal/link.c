#include "journal/link.h"

#include <string.h>

static const char shape_before[] = ",\"~h\":\"";
static const char shape_after[] = "\"}";

enum {
    BEFORE = sizeof shape_before - 1,
    AFTER = sizeof shape_after - 1,
    TAIL = BEFORE + RB_DIGEST_HEX + AFTER,
};

static void hash(const char *tag, const char *body, size_t length,
                 char ret_hash[RB_DIGEST_HEX + 1])
{
    struct rb_digest *digest = rb_digest_new();
    rb_digest_add(digest, tag, strlen(tag) + 1);
    rb_digest_add(digest, body, length);
    rb_digest_end(digest, ret_hash);
}

void rb_link_close(const char *tag, struct rb_buf *out, size_t start,
                   char ret_hash[RB_DIGEST_HEX + 1])
{
    hash(tag, out->data + start, out->length - start, ret_hash);
    rb_buf_append(out, shape_before, BEFORE);
    rb_buf_append(out, ret_hash, RB_DIGEST_HEX);
    rb_buf_append(out, shape_after, AFTER);
    rb_buf_putc(out, '\n');
}

enum rb_link rb_link_check(const char *tag, const char *line, size_t length,
                           size_t *ret_body, char ret_hash[RB_DIGEST_HEX + 1])
{
    if (length < TAIL)
        return RB_LINK_MISSING;
    size_t body = length - TAIL;
    const char *stored = line + body + BEFORE;
    if (memcmp(line + body, shape_before, BEFORE) != 0 ||
        memcmp(stored + RB_DIGEST_HEX, shape_after, AFTER) != 0)
        return RB_LINK_MISSING;
    char right[RB_DIGEST_HEX + 1];
    hash(tag, line, body, right);
    if (memcmp(stored, right, RB_DIGEST_HEX) != 0)
        return RB_LINK_BROKEN;
    *ret_body = body;
    memcpy(ret_hash, right, sizeof right);
    return RB_LINK_HOLDS;
}
