#include "cli/left.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "journal/blob.h"
#include "journal/folder.h"
#include "journal/reader.h"
#include "render/words.h"

const struct rb_value *rb_left_names(const struct rb_run *run)
{
    struct rb_map_builder map = {0};
    int fd = -1;
    DIR *folder = rb_folder_open(run->dir, "inbox", &fd, NULL) ? fdopendir(fd) : NULL;
    for (const struct dirent *entry = folder ? readdir(folder) : NULL; entry;
         entry = readdir(folder)) {
        if (rb_text_starts(entry->d_name, "signed."))
            rb_map_add(&map, entry->d_name, rb_value_null());
    }
    if (folder)
        closedir(folder);
    else
        rb_close_descriptor(&fd);
    return rb_map_end(&map);
}

bool rb_left_read(const struct rb_run *run, const char *name, struct rb_signed *ret_signed)
{
    RB_AUTO_BUF struct rb_buf bytes = {0};
    struct rb_error err = {0};
    return rb_run_get(run, "inbox", name, &bytes, &err) &&
           rb_signed_read(rb_buf_text(&bytes), bytes.length, ret_signed, &err);
}

void rb_left_words(const struct rb_signed *signed_, struct rb_buf *out)
{
    const struct rb_value *statement = signed_->statement;
    rb_words_text(out, rb_value_get_text(statement, "decision", ""));
    rb_buf_puts(out, ", signed by ");
    rb_words_text(out, rb_value_get_text(statement, "who", ""));
    rb_buf_puts(out, " as ");
    rb_words_text(out, rb_value_get_text(statement, "role", ""));
}

static bool is_of(const struct rb_record *record, const char *hex)
{
    const char *of = rb_blob_hex(rb_value_get(record->event.d, "signature"));
    return record->event.type == RB_EV_APPROVAL_RECEIVED && of && strcmp(of, hex) == 0;
}

bool rb_left_is_recorded(const struct rb_run *run, const struct rb_signed *signed_)
{
    struct rb_reader *reader = NULL;
    const struct rb_record *record = NULL;
    struct rb_error err = {0};
    char hex[RB_DIGEST_HEX + 1];
    bool found = false;
    rb_digest_of(rb_buf_text(&signed_->blob), signed_->blob.length, hex);
    if (!rb_reader_open(run->dir, &reader, &err))
        return false;
    while (!found && rb_reader_next(reader, &record, &err) == RB_READ_RECORD)
        found = is_of(record, hex);
    rb_reader_free(reader);
    return found;
}
