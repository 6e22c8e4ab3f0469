#include "effects/signers.h"

#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/text.h"
#include "effects/sshsig.h"

/* A line while it is read. */
struct reading {
    const char *at, *end;
    struct rb_buf people, type;
    char key[RB_FINGERPRINT];
    struct rb_buf after, before;
    bool named;        /* it has namespaces */
    const char *wrong; /* the first thing; static text */
};

static void wrong(struct reading *line, const char *why)
{
    if (!line->wrong)
        line->wrong = why;
}

static void skip_space(struct reading *line)
{
    while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
        line->at++;
}

/* Up to a space; between quotes a space is one like any letter. */
static bool word(struct reading *line, bool quotes, struct rb_buf *out)
{
    bool quoted = false;
    skip_space(line);
    for (; line->at < line->end; line->at++) {
        bool space = *line->at == ' ' || *line->at == '\t';
        if (space && !quoted)
            break;
        quoted ^= quotes && *line->at == '"';
        rb_buf_putc(out, *line->at);
    }
    return !quoted && out->length > 0;
}

static bool is_plain(const char *name, size_t length)
{
    bool plain = length > 0 && *name != '!' && *name != '#';
    for (size_t i = 0; i < length; i++)
        plain &= name[i] > ' ' && name[i] <= '~' && !strchr("*?\"\\", name[i]);
    return plain;
}

static void people(struct reading *line)
{
    if (!word(line, true, &line->people))
        wrong(line, "its principals are not closed");
    const char *text = rb_buf_text(&line->people);
    for (; *text; text += strcspn(text, ",")) {
        text += *text == ',';
        if (!is_plain(text, strcspn(text, ",")))
            wrong(line, "its principals hold a pattern: name each person");
    }
}

/* The value of name="value", without its quotes; NULL: it is another option. */
static bool option(const char *text, const char *name, struct rb_buf *ret_value)
{
    size_t length = strlen(name);
    if (strncasecmp(text, name, length) != 0 || text[length] != '=')
        return false;
    const char *value = text + length + 1;
    size_t size = strlen(value);
    rb_buf_clear(ret_value);
    if (size >= 2 && value[0] == '"' && value[size - 1] == '"')
        rb_buf_append(ret_value, value + 1, size - 2);
    return true;
}

static void namespaces(struct reading *line, const char *list)
{
    bool ours = false;
    line->named = true;
    for (const char *at = list; *at; at += strcspn(at, ",")) {
        at += *at == ',';
        size_t length = strcspn(at, ",");
        ours |= length == strlen(RB_SSHSIG_NAMESPACE) &&
                strncmp(at, RB_SSHSIG_NAMESPACE, length) == 0;
        if (!is_plain(at, length))
            wrong(line, "its namespaces hold a pattern: write " RB_SSHSIG_NAMESPACE);
    }
    if (!ours)
        wrong(line, "its namespaces have no " RB_SSHSIG_NAMESPACE);
}

/* YYYYMMDD or YYYYMMDDHHMM[SS], with or without Z: read as UTC in both cases. */
static void validity(struct reading *line, const struct rb_buf *value)
{
    size_t digits = strspn(rb_buf_text(value), "0123456789");
    bool z = strcmp(rb_buf_text(value) + digits, "Z") == 0;
    if ((digits != 8 && digits != 12 && digits != 14) || value->length != digits + z)
        wrong(line, "a time of its validity is none: write 20261231235959Z");
}

static void one_option(struct reading *line, const char *text)
{
    RB_AUTO_BUF struct rb_buf value = {0};
    if (option(text, "namespaces", &value)) {
        namespaces(line, rb_buf_text(&value));
    } else if (option(text, "valid-after", &value)) {
        validity(line, &value);
        rb_buf_puts(&line->after, rb_buf_text(&value));
    } else if (option(text, "valid-before", &value)) {
        validity(line, &value);
        rb_buf_puts(&line->before, rb_buf_text(&value));
    } else if (strcasecmp(text, "cert-authority") == 0) {
        wrong(line, "it is of an authority: certificates are not taken");
    } else {
        wrong(line, "it has an option that is not known");
    }
}

/* Commas between quotes separate nothing. */
static void options(struct reading *line, char *text)
{
    bool quoted = false;
    char *from = text;
    for (char *at = text;; at++) {
        quoted ^= *at == '"';
        if (*at && (*at != ',' || quoted))
            continue;
        bool last = *at == '\0';
        *at = '\0';
        one_option(line, from);
        if (last)
            return;
        from = at + 1;
    }
}

/* Types of keys have a dash in them and no `=`; of the options only cert-authority looks so. */
static bool is_type(const char *word)
{
    return (rb_text_starts(word, "ssh-") || rb_text_starts(word, "ecdsa-") ||
            rb_text_starts(word, "sk-")) &&
           !strchr(word, '=') && !strchr(word, ',');
}

static void key(struct reading *line)
{
    RB_AUTO_BUF struct rb_buf letters = {0}, blob = {0};
    char type[64] = "";
    word(line, false, &letters);
    if (!rb_base64_decode(rb_buf_text(&letters), letters.length, &blob) ||
        !rb_ssh_key_read(rb_buf_text(&blob), blob.length, line->key, type, NULL))
        wrong(line, "its key is none");
    else if (strcmp(type, rb_buf_text(&line->type)) != 0)
        wrong(line, "its key is of another type than it says");
}

static void read_line(struct reading *line)
{
    if (memchr(line->at, '\0', (size_t)(line->end - line->at)) ||
        rb_text_valid_utf8(line->at, (size_t)(line->end - line->at)) !=
            (size_t)(line->end - line->at)) {
        wrong(line, "it is no text");
        return;
    }
    people(line);
    if (!word(line, true, &line->type))
        wrong(line, "it has no key");
    if (!is_type(rb_buf_text(&line->type))) {
        options(line, line->type.data ? line->type.data : (char[1]){0});
        rb_buf_clear(&line->type);
        word(line, false, &line->type);
    }
    key(line);
    if (!line->named)
        wrong(line, "it has no namespaces=\"" RB_SSHSIG_NAMESPACE
                    "\": whatever else the key signs would count");
}

static const struct rb_value *people_of(const struct rb_buf *text)
{
    struct rb_list_builder list = {0};
    for (const char *at = rb_buf_text(text); *at; at += strcspn(at, ",")) {
        at += *at == ',';
        rb_list_add(&list, rb_value_string(at, strcspn(at, ",")));
    }
    return rb_list_end(&list);
}

static const struct rb_value *or_absent(const struct rb_buf *text)
{
    return text->length ? rb_value_text(rb_buf_text(text)) : NULL;
}

static const struct rb_value *entry(int number, const char *text, size_t length)
{
    struct reading line = {.at = text, .end = text + length};
    read_line(&line);
    const struct rb_value *value =
        rb_value_map("line", rb_value_int(number), "text", rb_value_string(text, length),
                     "people", people_of(&line.people), "type", or_absent(&line.type),
                     "key", *line.key ? rb_value_text(line.key) : NULL, "valid_after",
                     or_absent(&line.after), "valid_before", or_absent(&line.before),
                     "wrong", line.wrong ? rb_value_text(line.wrong) : NULL, NULL);
    rb_buf_done(&line.people);
    rb_buf_done(&line.type);
    rb_buf_done(&line.after);
    rb_buf_done(&line.before);
    return value;
}

const struct rb_value *rb_signers_read(const char *text, size_t length)
{
    struct rb_list_builder list = {0};
    const char *end = text + length;
    for (int number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((newline ? newline : end) - text);
        size_t space = 0;
        while (space < size && (text[space] == ' ' || text[space] == '\t'))
            space++;
        size_t body = size > 0 && text[size - 1] == '\r' ? size - 1 : size;
        if (space < body && text[space] != '#')
            rb_list_add(&list, entry(number, text + space, body - space));
        text += size + 1;
    }
    return rb_list_end(&list);
}

static bool has_person(const struct rb_value *signer, const char *who)
{
    const struct rb_value *list = rb_value_get(signer, "people");
    for (size_t i = 0; i < rb_value_count(list); i++) {
        if (strcmp(rb_value_as_text(rb_value_at(list, i), ""), who) == 0)
            return true;
    }
    return false;
}

bool rb_signers_find(const struct rb_value *signers, const char *who, const char *key,
                     struct rb_buf *out, const char **ret_why)
{
    bool found = false;
    *ret_why = "the key is not in the file of signers";
    for (size_t i = 0; i < rb_value_count(signers); i++) {
        const struct rb_value *signer = rb_value_at(signers, i);
        const char *bad = rb_value_get_text(signer, "wrong", NULL);
        if (strcmp(rb_value_get_text(signer, "key", ""), key) != 0)
            continue;
        bool his = has_person(signer, who);
        if (bad || !his) {
            *ret_why = bad ? bad : "in the file of signers the key is another person's";
            continue;
        }
        rb_buf_printf(out, "%s\n", rb_value_get_text(signer, "text", ""));
        found = true;
    }
    return found;
}
