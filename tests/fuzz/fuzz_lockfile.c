/* Any bytes as the file of a lock, and as the key of one: whatever it says, the lock is free, held,
 * or its file is refused, and the name of a key's file stays in its folder. */

#include <unistd.h>

#include "fuzz.h"
#include "journal/folder.h"
#include "journal/lockfile.h"

static void name(const uint8_t *bytes, size_t length)
{
    RB_AUTO_FREE char *key = rb_strndup((const char *)bytes, length);
    RB_AUTO_BUF struct rb_buf file = {0};
    rb_lockfile_name(key, &file);
    assert(!key[0] || rb_folder_is_name(rb_buf_text(&file)));
    assert(file.length < 200 && rb_buf_text(&file)[0] != '.');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct rb_error err = {0};
    const struct rb_value *holder = NULL, *peeked = NULL;
    const char *words = NULL;
    RB_AUTO_CLOSE int fd = fuzz_file("lock", bytes, length);
    name(bytes, length);
    if (rb_lockfile_read(fd, "db", &holder, &err)) {
        enum rb_lock_state state = rb_lockfile_state(holder, &words);
        assert(holder || state == RB_LOCK_FREE);
        assert(words);
    } else {
        assert(err.code == RB_ERR_RECORD && !holder);
    }
    if (rb_lockfile_peek(fd, &peeked))
        assert(rb_value_is(peeked, RB_MAP));
    rb_value_unref(holder);
    rb_value_unref(peeked);
    return 0;
}
