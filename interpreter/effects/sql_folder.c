#include "effects/sql_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "effects/notes.h"

bool rb_sql_folder_open(struct rb_sql_task *task, struct rb_error *err)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    rb_buf_printf(&path, "steps/%s", task->dir);
    if (mkdirat(task->place->run_dir, path.data, 0700) < 0 && errno != EEXIST)
        return rb_fail_errno(err, RB_ERR_IO, "the folder of the step can't be made");
    task->folder = openat(task->place->run_dir, path.data,
                          O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (task->folder < 0)
        return rb_fail_errno(err, RB_ERR_IO, "the folder of the step can't be opened");
    return true;
}

bool rb_sql_folder_start(struct rb_sql_task *task, struct rb_error *err)
{
    RB_AUTO_CLOSE int note = -1;
    char boot_id[RB_BOOT_ID + 1];
    if (!task->is_write)
        return true;
    if (!rb_note_boot_id(boot_id, err) || !rb_note_started(task->folder, &note, err)) {
        task->unnoted = true;
        return false;
    }
    rb_note_programs(note, boot_id, NULL);
    return true;
}

/* Without its note a later interpreter finds the step in doubt, and that is what it then is. */
void rb_sql_folder_conclude(struct rb_sql_task *task, const struct rb_value *outcome)
{
    struct rb_error err;
    if (task->folder < 0)
        return;
    if (!task->is_write) {
        RB_AUTO_BUF struct rb_buf path = {0};
        rb_buf_printf(&path, "steps/%s", task->dir);
        unlinkat(task->place->run_dir, path.data, AT_REMOVEDIR);
    } else if (!task->unnoted && !rb_note_exit(task->folder, outcome, &err)) {
        errno = 0;
    }
}
