#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "seam.h"

void disk_note(const struct disk_op *op, const void *bytes)
{
    size_t at = seam->logged, padded = (op->length + 7) & ~(size_t)7;
    if (at + sizeof *op + padded > LOG_MAX) {
        static const char full[] = "crash: the log of the disk is full\n";
        (void)!write(STDERR_FILENO, full, sizeof full - 1);
        _exit(99);
    }
    memcpy(seam->log + at, op, sizeof *op);
    if (op->length > 0)
        memcpy(seam->log + at + sizeof *op, bytes, op->length);
    seam->logged = at + sizeof *op + padded;
}

struct node {
    uint64_t number;
    bool folder;
    mode_t mode;
    struct rb_buf bytes;
};

struct entry {
    uint64_t dir, node;
    char name[96];
};

/* One state of the disk. */
struct image {
    struct node *nodes;
    size_t node_count, node_capacity;
    struct entry *entries;
    size_t entry_count, entry_capacity;
    uint64_t digest;
};

static struct node *node_of(struct image *image, uint64_t number)
{
    for (size_t i = 0; i < image->node_count; i++) {
        if (image->nodes[i].number == number)
            return &image->nodes[i];
    }
    return NULL;
}

static void add_node(struct image *image, const struct disk_op *op)
{
    RB_GROW(image->nodes, image->node_count, image->node_capacity);
    image->nodes[image->node_count++] =
        (struct node){.number = op->node, .folder = op->folder, .mode = (mode_t)op->offset};
}

static void remove_entry(struct image *image, uint64_t dir, const char *name)
{
    for (size_t i = 0; i < image->entry_count; i++) {
        struct entry *entry = &image->entries[i];
        if (entry->dir == dir && strcmp(entry->name, name) == 0) {
            *entry = image->entries[--image->entry_count];
            return;
        }
    }
}

static void set_entry(struct image *image, uint64_t dir, const char *name, uint64_t node)
{
    remove_entry(image, dir, name);
    RB_GROW(image->entries, image->entry_count, image->entry_capacity);
    struct entry *entry = &image->entries[image->entry_count++];
    *entry = (struct entry){.dir = dir, .node = node};
    snprintf(entry->name, sizeof entry->name, "%s", name);
}

static void resize(struct rb_buf *bytes, size_t size)
{
    while (bytes->length < size)
        rb_buf_putc(bytes, '\0');
    bytes->length = size;
}

/* How much of one change is there. */
enum share { NOTHING, WHOLE, FIRST_HALF, SECOND_HALF, ZEROS };

static void write_bytes(struct node *node, const struct disk_op *op, const char *bytes,
                        enum share share)
{
    size_t from = share == SECOND_HALF ? op->length / 2 : 0;
    size_t to = share == FIRST_HALF ? op->length / 2 : op->length;
    size_t end = (size_t)op->offset + to;
    if (node->bytes.length < end)
        resize(&node->bytes, end);
    if (share != ZEROS)
        memcpy(node->bytes.data + op->offset + from, bytes + from, to - from);
}

static void apply(struct image *image, const struct disk_op *op, const char *bytes,
                  enum share share)
{
    struct node *node = node_of(image, op->node);
    switch (op->kind) {
    case DISK_CREATE:
        set_entry(image, op->dir, op->name, op->node);
        break;
    case DISK_RENAME:
        remove_entry(image, op->old_dir, op->old_name);
        set_entry(image, op->dir, op->name, op->node);
        break;
    case DISK_UNLINK:
        remove_entry(image, op->dir, op->name);
        break;
    case DISK_WRITE:
        if (node)
            write_bytes(node, op, bytes, share);
        break;
    case DISK_SIZE:
        if (node)
            resize(&node->bytes, (size_t)op->offset);
        break;
    case DISK_MODE:
        if (node)
            node->mode = (mode_t)op->offset;
        break;
    case DISK_SYNC:
        break;
    }
}

/* A change, with nodes numbered anew: a disk gives the number of what was removed to another. */
struct change {
    struct disk_op op;
    const char *bytes;
    bool synced;
};

struct history {
    struct change *changes;
    size_t count, capacity, last_write;
};

static bool is_name(const struct disk_op *op)
{
    return op->kind == DISK_CREATE || op->kind == DISK_RENAME || op->kind == DISK_UNLINK;
}

static bool is_bytes(const struct disk_op *op)
{
    return op->kind == DISK_WRITE || op->kind == DISK_SIZE;
}

/* Everything before it that this sync of a file or a folder has made durable. */
static void mark_synced(struct history *history, size_t sync)
{
    uint64_t node = history->changes[sync].op.node;
    for (size_t i = 0; i < sync; i++) {
        const struct disk_op *op = &history->changes[i].op;
        bool mine = is_name(op) ? op->dir == node || op->old_dir == node : op->node == node;
        history->changes[i].synced |= mine;
    }
}

/* The number of the newest node that the disk called so; what was there before the log began
 * keeps the disk's. */
static uint64_t newest(const struct history *history, uint64_t number)
{
    static const uint64_t own = UINT64_C(1) << 63;
    for (size_t i = history->count; i-- > 0;) {
        const struct disk_op *op = (const struct disk_op *)history->changes[i].bytes - 1;
        if (op->kind == DISK_CREATE && op->node == number)
            return own | i;
    }
    return number;
}

static void add_change(struct history *history, const struct disk_op *op)
{
    RB_GROW(history->changes, history->count, history->capacity);
    struct change *change = &history->changes[history->count++];
    *change = (struct change){.op = *op, .bytes = (const char *)(op + 1)};
    change->op.node = newest(history, op->node);
    change->op.dir = newest(history, op->dir);
    change->op.old_dir = newest(history, op->old_dir);
    if (op->kind == DISK_SYNC)
        mark_synced(history, history->count - 1);
    if (op->kind == DISK_WRITE)
        history->last_write = history->count - 1;
}

static struct history read_log(void)
{
    struct history history = {.last_write = SIZE_MAX};
    for (size_t at = 0; at < seam->logged;) {
        const struct disk_op *op = (const struct disk_op *)(seam->log + at);
        add_change(&history, op);
        at += sizeof *op + ((op->length + 7) & ~(size_t)7);
    }
    return history;
}

/* A coin for each change, the same in every run with this number. */
static unsigned toss(unsigned seed, size_t index)
{
    uint64_t x = ((uint64_t)seed << 32 | (uint32_t)index) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return (unsigned)(x >> 33);
}

static enum share random_share(const struct disk_op *op, unsigned coin)
{
    if (op->kind != DISK_WRITE)
        return coin & 1 ? WHOLE : NOTHING;
    static const enum share shares[] = {NOTHING, NOTHING,    NOTHING,     WHOLE,
                                        WHOLE,   FIRST_HALF, SECOND_HALF, ZEROS};
    return shares[coin % RB_COUNT(shares)];
}

static enum share share_of(const struct history *history, size_t index, unsigned loss)
{
    const struct disk_op *op = &history->changes[index].op;
    if (history->changes[index].synced || op->kind == DISK_MODE)
        return WHOLE;
    switch (loss) {
    case LOSS_ALL:
        return NOTHING;
    case LOSS_NONE:
        return WHOLE;
    case LOSS_BYTES:
        return is_name(op) ? WHOLE : NOTHING;
    case LOSS_ZEROS:
        return is_name(op) ? WHOLE : ZEROS;
    case LOSS_NAMES:
        return is_bytes(op) ? WHOLE : NOTHING;
    case LOSS_LAST_CUT:
        return index == history->last_write ? FIRST_HALF : WHOLE;
    case LOSS_LAST_HOLE:
        return index == history->last_write ? SECOND_HALF : WHOLE;
    default:
        return random_share(op, toss(loss, index));
    }
}

static void build(struct image *image, const struct history *history, unsigned loss)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct disk_op *op = &history->changes[i].op;
        if (op->kind == DISK_CREATE)
            add_node(image, op);
        enum share share = share_of(history, i, loss);
        if (share != NOTHING)
            apply(image, op, history->changes[i].bytes, share);
    }
}

/* A sum over files, so that the order in which they are made does not matter. */
static void count_in(struct image *image, const char *inner, const struct node *node)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = inner; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < node->bytes.length; i++)
        hash = (hash ^ (unsigned char)node->bytes.data[i]) * UINT64_C(0x100000001b3);
    image->digest += hash ^ hash >> 31;
}

static void put_file(const struct node *node, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 ||
        (node->bytes.length > 0 && write(fd, node->bytes.data, node->bytes.length) < 0) ||
        fchmod(fd, node->mode & 0777) != 0)
        perror(path);
    close(fd);
}

/* `inner` is the part of the path that is the same in every state. */
static void put(struct image *image, const struct node *node, const char *path,
                const char *inner)
{
    count_in(image, inner, node);
    if (!node->folder) {
        put_file(node, path);
        return;
    }
    mkdir(path, 0700);
    for (size_t i = 0; i < image->entry_count; i++) {
        char below[512];
        const struct entry *entry = &image->entries[i];
        const struct node *child = node_of(image, entry->node);
        if (entry->dir != node->number || !child)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->name);
        put(image, child, below, below + (inner - path));
    }
}

uint64_t disk_remains(uint64_t root, const char *name, unsigned loss, const char *to)
{
    struct history history = read_log();
    struct image image = {0};
    const struct node *top = NULL;
    build(&image, &history, loss);
    for (size_t i = 0; i < image.entry_count; i++) {
        if (image.entries[i].dir == root && strcmp(image.entries[i].name, name) == 0)
            top = node_of(&image, image.entries[i].node);
    }
    if (top)
        put(&image, top, to, to + strlen(to));
    for (size_t i = 0; i < image.node_count; i++)
        rb_buf_done(&image.nodes[i].bytes);
    free(image.nodes);
    free(image.entries);
    free(history.changes);
    return top ? image.digest : 0;
}
