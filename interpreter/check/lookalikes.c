/* Characters in commands that look like others: letters of another alphabet within a word, and
 * what word processors make of quotes, dashes and spaces. */

#include <string.h>

#include "base/text.h"
#include "check/rules.h"
#include "parse/shell_lex.h"

enum alphabet { NO_LETTER, LATIN, OTHER };

/* Letters of other alphabets that are drawn like Latin ones (Unicode TR 39, confusables). */
static enum alphabet alphabet_of(unsigned c)
{
    static const unsigned drawn_alike[] = {
        /* Greek */
        0x391, 0x392, 0x395, 0x396, 0x397, 0x399, 0x39A, 0x39C, 0x39D, 0x39F, 0x3A1, 0x3A4,
        0x3A5, 0x3A7, 0x3B1, 0x3B3, 0x3B9, 0x3BD, 0x3BF, 0x3C1, 0x3C5, 0x3F2, 0x3F3,
        /* Cyrillic */
        0x405, 0x406, 0x408, 0x410, 0x412, 0x415, 0x41A, 0x41C, 0x41D, 0x41E, 0x420, 0x421,
        0x422, 0x423, 0x425, 0x430, 0x435, 0x43E, 0x440, 0x441, 0x443, 0x445, 0x455, 0x456,
        0x458, 0x4BB, 0x4CF, 0x501, 0x51B, 0x51D,
        /* Armenian */
        0x54D, 0x555, 0x570, 0x578, 0x57D, 0x581, 0x585};
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return LATIN;
    if ((c >= 0x1D400 && c <= 0x1D7FF) || (c >= 0xFF21 && c <= 0xFF5A))
        return OTHER;
    for (size_t i = 0; i < RB_COUNT(drawn_alike); i++) {
        if (drawn_alike[i] == c)
            return OTHER;
    }
    return NO_LETTER;
}

/* A word of letters from two alphabets: one diagnostic at the first letter that is not Latin. */
static void mixed_words(const struct rb_check *check, const struct rb_yaml_node *scalar)
{
    bool latin = false, other = false, told = false;
    size_t place = 0, length = 0;
    unsigned letter = 0;
    for (size_t at = 0; at < scalar->length;) {
        unsigned c;
        int size = rb_text_decode(scalar->text + at, scalar->length - at, &c);
        if (size == 0)
            return;
        enum alphabet alphabet = alphabet_of(c);
        if (alphabet == NO_LETTER)
            latin = other = told = false;
        if (alphabet == OTHER && !other) {
            place = at;
            length = (size_t)size;
            letter = c;
        }
        latin |= alphabet == LATIN;
        other |= alphabet == OTHER;
        if (latin && other && !told) {
            struct rb_diag *diag = rb_diag_add(
                check->diags, 533, rb_yaml_span_in(scalar, place, length),
                "a letter of another alphabet (U+%04X) among Latin ones", letter);
            rb_diag_help(diag, "type the word again on a keyboard");
            told = true;
        }
        at += (size_t)size;
    }
}

/* What the character is taken for, or NULL. */
static const char *taken_for(unsigned c, bool first)
{
    switch (c) {
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x2018:
    case 0x2019:
        return "a quote";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
        return first ? "`-`" : NULL;
    case 0x00A0:
    case 0x202F:
    case 0x3000:
        return "a space";
    default:
        return c >= 0x2000 && c <= 0x200A ? "a space" : NULL;
    }
}

/* In text without any quotes these are never what was meant. */
static void typography(const struct rb_check *check, const struct rb_yaml_node *scalar,
                       size_t begin, size_t end)
{
    for (size_t at = begin; at < end;) {
        unsigned c;
        int size = rb_text_decode(scalar->text + at, end - at, &c);
        if (size == 0)
            return;
        const char *what = taken_for(c, at == begin);
        if (what) {
            struct rb_diag *diag =
                rb_diag_add(check->diags, 534, rb_yaml_span_in(scalar, at, (size_t)size),
                            "U+%04X looks like %s and is none", c, what);
            rb_diag_help(diag,
                         "type it again on a keyboard: text was copied from a document");
            return;
        }
        at += (size_t)size;
    }
}

static void script(const struct rb_check *check, const struct rb_yaml_node *scalar)
{
    struct rb_shell_lex lex;
    mixed_words(check, scalar);
    struct rb_arena *arena = rb_arena_new();
    rb_shell_lex(arena, scalar->text, scalar->length, &lex);
    for (int i = 0; i < lex.command_count; i++) {
        for (int k = 0; k < lex.commands[i].word_count; k++) {
            const struct rb_shell_word *word = &lex.commands[i].words[k];
            size_t length = word->end - word->offset;
            const char *text = scalar->text + word->offset;
            if (!memchr(text, '\'', length) && !memchr(text, '"', length))
                typography(check, scalar, word->offset, word->end);
        }
    }
    rb_arena_free(arena);
}

static void argument_list(const struct rb_check *check, const struct rb_yaml_node *node)
{
    for (int i = 0; node && i < node->count; i++) {
        const struct rb_yaml_node *item = node->items[i];
        if (item->kind == RB_NODE_SEQUENCE) {
            argument_list(check, item);
        } else if (item->kind == RB_NODE_SCALAR) {
            unsigned c;
            int size = rb_text_decode(item->text, item->length, &c);
            mixed_words(check, item);
            if (size > 0)
                typography(check, item, 0, (size_t)size);
        }
    }
}

/* Plain ASCII, as nearly all is, needs no second look; what YAML's escapes stand for may not be. */
static bool has_others(const struct rb_source *source)
{
    for (size_t i = 0; i < source->length; i++) {
        if ((unsigned char)source->text[i] >= 0x80)
            return true;
        if (source->text[i] == '\\' && source->text[i + 1] &&
            strchr("xuUNLP_", source->text[i + 1]))
            return true;
    }
    return false;
}

void rb_check_lookalikes(const struct rb_check *check)
{
    if (!has_others(check->document->source))
        return;
    for (int i = 0; i < check->plan->step_count; i++) {
        const struct rb_yaml_node *run = rb_check_value(check, i, "run");
        if (run && run->kind == RB_NODE_SCALAR)
            script(check, run);
        argument_list(check, rb_check_value(check, i, "exec"));
        argument_list(check, rb_check_value(check, i, "pipe"));
    }
}
