#include "parse/slug.h"

#include "base/buf.h"
#include "base/hash.h"

enum { LENGTH = 40 };

struct slug {
    UT_hash_handle hh;
    const struct rb_yaml_node *written; /* NULL: reserved or made */
    int copies;                         /* made from the same words */
    char id[];
};

struct rb_slugs {
    struct rb_arena *arena;
    struct slug *by_id;
};

struct rb_slugs *rb_slugs_new(struct rb_arena *arena)
{
    struct rb_slugs *slugs = rb_arena_alloc(arena, sizeof *slugs);
    slugs->arena = arena;
    return slugs;
}

void rb_slugs_done(struct rb_slugs *slugs)
{
    HASH_CLEAR(hh, slugs->by_id);
}

static struct slug *find(const struct rb_slugs *slugs, const char *id)
{
    struct slug *slug;
    HASH_FIND_STR(slugs->by_id, id, slug);
    return slug;
}

static struct slug *add(struct rb_slugs *slugs, const char *id)
{
    struct slug *slug = rb_arena_alloc(slugs->arena, sizeof *slug + strlen(id) + 1);
    memcpy(slug->id, id, strlen(id) + 1);
    HASH_ADD_STR(slugs->by_id, id, slug);
    return slug;
}

void rb_slugs_reserve(struct rb_slugs *slugs, const char *id)
{
    if (!find(slugs, id))
        add(slugs, id);
}

const char *rb_slugs_claim(struct rb_slugs *slugs, const struct rb_yaml_node *id,
                           struct rb_diags *diags)
{
    struct slug *slug = find(slugs, id->text);
    if (!slug)
        slug = add(slugs, id->text);
    if (slug->written) {
        struct rb_diag *diag =
            rb_diag_add(diags, 210, id->span, "two items have the id `%s`", id->text);
        rb_diag_help(diag, "give each item of the list an id of its own");
        rb_diag_also(diag, slug->written->span, "the first one");
    } else {
        slug->written = id;
    }
    return slug->id;
}

static void add_words(const char *text, struct rb_buf *out)
{
    for (; *text; text++) {
        char c = *text;
        bool upper = c >= 'A' && c <= 'Z';
        if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            rb_buf_putc(out, upper ? (char)(c - 'A' + 'a') : c);
        else if (out->length && out->data[out->length - 1] != '-')
            rb_buf_putc(out, '-');
    }
}

/* At most LENGTH characters, ending with a whole word. */
static void cut(struct rb_buf *id)
{
    size_t length = id->length;
    if (length > LENGTH) {
        length = LENGTH + 1;
        while (length > LENGTH / 2 && id->data[length - 1] != '-')
            length--;
        if (id->data[length - 1] != '-')
            length = LENGTH;
    }
    while (length > 0 && id->data[length - 1] == '-')
        length--;
    if (id->length) {
        id->length = length;
        id->data[length] = '\0';
    }
}

const char *rb_slugs_make(struct rb_slugs *slugs, const struct rb_value *text)
{
    RB_AUTO_BUF struct rb_buf id = {0};
    const struct rb_value *parts = rb_value_get(text, "$text");
    add_words(rb_value_as_text(text, ""), &id);
    for (size_t i = 0; i < rb_value_count(parts); i++) {
        add_words(rb_value_as_text(rb_value_at(parts, i), ""), &id);
        add_words(" ", &id);
    }
    cut(&id);
    if (id.length == 0)
        rb_buf_puts(&id, "item");
    struct slug *first = find(slugs, rb_buf_text(&id));
    if (!first)
        return add(slugs, rb_buf_text(&id))->id;
    size_t length = id.length;
    do {
        id.length = length;
        rb_buf_printf(&id, "-%d", ++first->copies + 1);
    } while (find(slugs, rb_buf_text(&id)));
    return add(slugs, rb_buf_text(&id))->id;
}
