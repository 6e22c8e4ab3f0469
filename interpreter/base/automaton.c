#include "base/automaton.h"

#include "base/guarded.h"
#include "base/mem.h"

enum { ROOT = 0, BLOCKS = 1 << 16, BREAK_MOST = 2 };

/* A prefix of a word. Its children are a list: most have one. */
struct node {
    uint32_t child, sibling; /* 0: none */
    uint32_t fail;           /* the longest suffix that is a prefix as well */
    uint32_t depth;
    uint32_t longest; /* length of the longest word that ends here, 0: none */
    uint32_t tag;     /* of that word */
    unsigned char byte;
};

struct rb_automaton {
    struct node *nodes;
    uint32_t count, room;
    uint32_t first[256]; /* children of the root */
    /* How far a search without a word begun may go on from a place, by the two bytes that end a
     * shortest word begun there. */
    unsigned char *strides;
    size_t shortest;
    bool wrapped;
};

struct rb_automaton *rb_automaton_new(size_t room, bool wrapped)
{
    struct rb_automaton *a = rb_alloc(sizeof *a);
    a->room = (uint32_t)room + 1;
    a->nodes = rb_guarded_alloc(a->room * sizeof *a->nodes);
    a->count = 1;
    a->wrapped = wrapped;
    a->shortest = wrapped ? RB_AUTOMATON_LINE : UINT8_MAX;
    return a;
}

static void wipe(void *memory, size_t size)
{
    explicit_bzero(memory, size);
    free(memory);
}

void rb_automaton_free(struct rb_automaton *a)
{
    if (!a)
        return;
    rb_guarded_free(a->nodes, a->room * sizeof *a->nodes);
    if (a->strides)
        wipe(a->strides, BLOCKS);
    wipe(a, sizeof *a);
}

static uint32_t child_of(const struct rb_automaton *a, uint32_t node, unsigned char byte)
{
    if (node == ROOT)
        return a->first[byte];
    uint32_t child = a->nodes[node].child;
    while (child && a->nodes[child].byte != byte)
        child = a->nodes[child].sibling;
    return child;
}

static uint32_t add_child(struct rb_automaton *a, uint32_t parent, unsigned char byte)
{
    uint32_t made = a->count++;
    a->nodes[made] = (struct node){.byte = byte,
                                   .depth = a->nodes[parent].depth + 1,
                                   .sibling = a->nodes[parent].child};
    a->nodes[parent].child = made;
    if (parent == ROOT)
        a->first[byte] = made;
    return made;
}

void rb_automaton_add(struct rb_automaton *a, const char *word, size_t length, unsigned tag)
{
    uint32_t node = ROOT;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)word[i];
        uint32_t next = child_of(a, node, byte);
        node = next ? next : add_child(a, node, byte);
    }
    if (length < a->shortest)
        a->shortest = length;
    if (a->nodes[node].longest)
        return;
    a->nodes[node].longest = (uint32_t)length;
    a->nodes[node].tag = tag;
}

static uint32_t step(const struct rb_automaton *a, uint32_t node, unsigned char byte)
{
    for (;;) {
        uint32_t next = child_of(a, node, byte);
        if (next || node == ROOT)
            return next;
        node = a->nodes[node].fail;
    }
}

static void link_node(struct rb_automaton *a, uint32_t parent, uint32_t child)
{
    struct node *node = &a->nodes[child];
    node->fail = parent == ROOT ? ROOT : step(a, a->nodes[parent].fail, node->byte);
    const struct node *suffix = &a->nodes[node->fail];
    if (node->longest || !suffix->longest)
        return;
    node->longest = suffix->longest;
    node->tag = suffix->tag;
}

static size_t block(const char *bytes)
{
    return (size_t)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

/* The blocks of the first `shortest` bytes of each word, found on the way down from `parent`. */
static void set_stride(struct rb_automaton *a, uint32_t parent, uint32_t child)
{
    const struct node *node = &a->nodes[child];
    if (node->depth < 2 || node->depth > a->shortest)
        return;
    char pair[2] = {(char)a->nodes[parent].byte, (char)node->byte};
    unsigned char *stride = &a->strides[block(pair)];
    size_t left = a->shortest - node->depth;
    if (left < *stride)
        *stride = (unsigned char)left;
}

/* A line end in between moves the rest of a word, and a block with a part of one tells nothing. */
static void allow_breaks(struct rb_automaton *a)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        unsigned char high = (unsigned char)(i >> 8), low = (unsigned char)i;
        bool at_end = high == '\n' || low == '\n' || high == '\r' || low == '\r';
        a->strides[i] = (unsigned char)(at_end || a->strides[i] <= BREAK_MOST
                                            ? 0
                                            : a->strides[i] - BREAK_MOST);
    }
}

/* Breadth first: the suffix of a prefix is shorter, and has its links already. */
void rb_automaton_seal(struct rb_automaton *a)
{
    size_t size = a->room * sizeof(uint32_t);
    uint32_t *queue = rb_alloc(size), tail = 0;
    a->strides = rb_alloc(BLOCKS);
    memset(a->strides, (int)(a->shortest - 1), BLOCKS);
    queue[tail++] = ROOT;
    for (uint32_t head = 0; head < tail; head++) {
        uint32_t parent = queue[head];
        for (uint32_t child = a->nodes[parent].child; child;
             child = a->nodes[child].sibling) {
            link_node(a, parent, child);
            set_stride(a, parent, child);
            queue[tail++] = child;
        }
    }
    wipe(queue, size);
    if (a->wrapped)
        allow_breaks(a);
}

void rb_search_done(struct rb_search *search)
{
    free(search->breaks);
    *search = (struct rb_search){0};
}

/* The next place in a piece at which a word may begin. */
static size_t stride(const struct rb_automaton *a, const char *bytes, size_t at,
                     size_t length)
{
    while (at + a->shortest <= length) {
        unsigned char far = a->strides[block(bytes + at + a->shortest - 2)];
        if (far == 0)
            return at;
        at += far;
    }
    return at;
}

/* Where the word that ends here, with the line ends in it, begins. */
static size_t start_of(const struct rb_search *search, size_t end, size_t length)
{
    size_t start = end - length;
    for (size_t i = search->break_count; i > 0 && search->breaks[i - 1] >= start; i--)
        start--;
    return start;
}

/* A line inside the word that has begun would be too short. */
static bool is_narrow(const struct rb_automaton *a, const struct rb_search *search,
                      size_t offset)
{
    if (search->break_count == 0 || search->at_break > 0)
        return false;
    size_t last = search->breaks[search->break_count - 1];
    return offset - last - 1 < RB_AUTOMATON_LINE &&
           last >= start_of(search, offset, a->nodes[search->state].depth);
}

/* Takes note of a line end; false when the byte is none, or no word goes on after it. */
static bool is_break(const struct rb_automaton *a, struct rb_search *search, size_t offset,
                     char byte)
{
    if (!a->wrapped || (byte != '\n' && byte != '\r') || search->at_break == BREAK_MOST)
        return false;
    while (search->state != ROOT && is_narrow(a, search, offset))
        search->state = a->nodes[search->state].fail;
    if (search->state == ROOT)
        return false;
    search->at_break++;
    RB_GROW(search->breaks, search->break_count, search->break_capacity);
    search->breaks[search->break_count++] = offset;
    return true;
}

void rb_automaton_search(const struct rb_automaton *a, struct rb_search *search,
                         const char *bytes, size_t length, rb_automaton_hit *hit,
                         void *context)
{
    size_t origin = search->at;
    for (size_t at = 0; at < length;) {
        if (search->state == ROOT) {
            search->break_count = 0;
            at = stride(a, bytes, at, length);
            if (at >= length)
                break;
        }
        char byte = bytes[at++];
        if (is_break(a, search, origin + at - 1, byte))
            continue;
        search->at_break = 0;
        search->state = step(a, search->state, (unsigned char)byte);
        const struct node *node = &a->nodes[search->state];
        if (node->longest)
            hit(context, start_of(search, origin + at, node->longest), origin + at,
                node->tag);
    }
    search->at = origin + length;
}

size_t rb_automaton_safe(const struct rb_automaton *a, const struct rb_search *search)
{
    if (search->state == ROOT)
        return search->at;
    return start_of(search, search->at, a->nodes[search->state].depth);
}

void rb_automaton_rebase(struct rb_search *search, size_t origin)
{
    size_t kept = 0;
    for (size_t i = 0; i < search->break_count; i++) {
        if (search->breaks[i] >= origin)
            search->breaks[kept++] = search->breaks[i] - origin;
    }
    search->break_count = kept;
    search->at -= origin;
}
