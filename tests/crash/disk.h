#pragma once
/* What a disk holds after the power went: of all that was written, what was synced, and as much
 * of the rest as the test says. A file and its name are synced apart, as POSIX has it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct seam;

enum disk_op_kind {
    DISK_CREATE, /* of a file or a folder, `node`, as `name` in `dir` */
    DISK_RENAME, /* of `node` to `name` in `dir`; it was `old_name` in `old_dir` */
    DISK_UNLINK,
    DISK_WRITE, /* `length` bytes follow */
    DISK_SIZE,  /* cut or grown to `offset` */
    DISK_MODE,  /* `offset` is the mode */
    DISK_SYNC   /* of a file's bytes or a folder's names */
};

struct disk_op {
    enum disk_op_kind kind;
    bool folder;
    uint64_t node, dir, old_dir;
    int64_t offset;
    size_t length;
    char name[96], old_name[96];
};

/* Appends to the log of the seam; the caller holds its lock. */
void disk_note(const struct disk_op *op, const void *bytes);

/* How much of what was not synced is there after all. */
enum disk_loss {
    LOSS_ALL,       /* nothing */
    LOSS_NONE,      /* everything, as if only the processes had died */
    LOSS_BYTES,     /* the names, without the bytes */
    LOSS_ZEROS,     /* the names, with zeros for bytes */
    LOSS_NAMES,     /* the bytes, without the names */
    LOSS_LAST_CUT,  /* everything, of the last write only the first half */
    LOSS_LAST_HOLE, /* everything, of the last write only the second half */
    LOSS_RANDOM     /* this and every higher number: each by the toss of a coin */
};

/* Makes, as `to`, what is left of the folder `name` in the folder `root` (an inode number).
 * Returns a digest of all that it made, to tell states apart; 0: nothing is left. */
uint64_t disk_remains(uint64_t root, const char *name, unsigned loss, const char *to);
