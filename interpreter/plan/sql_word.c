#include "plan/sql_word.h"

#include <string.h>

#include "plan/sql_lexer.h"

enum { WORD_MAX = 32 };

static const char *skip_comment(const char *at)
{
    int depth = 0; /* they nest (PostgreSQL 15, section 4.1.5) */
    do {
        int step = strncmp(at, "/*", 2) == 0 ? 1 : strncmp(at, "*/", 2) == 0 ? -1 : 0;
        depth += step;
        at += step != 0 ? 2 : 1;
    } while (depth > 0 && *at);
    return at;
}

/* What also stands before the first word, beside blanks and comments: `also`. */
static const char *skip(const char *at, char also)
{
    for (;;) {
        at += strspn(at, " \t\r\n\f\v");
        if (strncmp(at, "--", 2) == 0)
            at += strcspn(at, "\r\n");
        else if (strncmp(at, "/*", 2) == 0)
            at = skip_comment(at);
        else if (*at && *at == also)
            at++;
        else
            return at;
    }
}

static size_t length_of(const char *at)
{
    size_t length = 0;
    while (rb_sql_is_name_character(at[length]) || at[length] == '$')
        length++;
    return length;
}

/* `word` is of capital letters, from which others differ by one bit. */
static bool is_word(const char *at, const char *word)
{
    size_t same = 0, length = length_of(at);
    while (same < length && word[same] && (at[same] & ~0x20) == word[same])
        same++;
    return same == length && !word[same];
}

static const char *among(const char *at, const char *const *words)
{
    while (*words && !is_word(at, *words))
        words++;
    return *words;
}

/* The word by which a statement would begin or end a transaction, or NULL. */
static const char *of_transaction(const char *at)
{
    static const char *const words[] = {"ABORT",    "BEGIN", "COMMIT", "END",
                                        "ROLLBACK", "START", NULL};
    bool prepares = is_word(at, "PREPARE") &&
                    is_word(skip(at + strlen("PREPARE"), '\0'), "TRANSACTION");
    return prepares ? "PREPARE TRANSACTION" : among(at, words);
}

/* EXPLAIN ANALYZE makes what it explains, the table of a SELECT INTO as well: READ ONLY does not
 * hold it (seen with PostgreSQL 15). A name in quotes may be that option, too. */
static bool analyzes(const char *options)
{
    struct rb_sql_lexer lexer = {.text = options, .length = strlen(options)};
    bool listed = *skip(options, '\0') == '(', inside = false;
    while (lexer.at < lexer.length) {
        const char *at = options + lexer.at;
        bool plain = lexer.within == RB_SQL_IN_PLAIN;
        if (plain && listed && *at == ')')
            return false;
        if ((listed && lexer.within == RB_SQL_IN_NAME) ||
            (plain && !inside && (is_word(at, "ANALYZE") || is_word(at, "ANALYSE"))))
            return true;
        inside = plain && rb_sql_is_name_character(*at);
        rb_sql_lexer_step(&lexer);
    }
    return false;
}

/* Either it only reads, or the server refuses it in a READ ONLY transaction (25006). Not so COPY to
 * a program or a file, DO, CALL, NOTIFY, LOAD, ANALYZE, REINDEX, and what another version adds. */
static bool check_reads(const char *at, struct rb_error *err)
{
    static const char *const words[] = {
        "SELECT", "TABLE", "VALUES", "WITH",   "SHOW",   "SET",    "RESET", "DECLARE",
        "FETCH",  "MOVE",  "CLOSE",  "INSERT", "UPDATE", "DELETE", "MERGE", NULL};
    bool explains = is_word(at, "EXPLAIN");
    const char *begun = skip(at, '(');
    size_t length = length_of(begun);
    if (explains ? !analyzes(at + strlen("EXPLAIN")) : among(begun, words) != NULL)
        return true;
    return rb_fail(err, RB_ERR_INVALID,
                   "%.*s%s may do more than read in a transaction that only reads; what "
                   "reads begins with SELECT, TABLE, VALUES, WITH, SHOW or EXPLAIN",
                   (int)(length > WORD_MAX ? WORD_MAX : length), begun,
                   explains      ? " ANALYZE"
                   : length == 0 ? "what is no word"
                                 : "");
}

bool rb_sql_word_is_missing(const char *text)
{
    return !*skip(text, ';');
}

/* What follows the first `;` that ends a command; NULL: nothing does. Only what CREATE makes has
 * commands in its own text, and that is left to the server. */
static const char *second(const char *text)
{
    struct rb_sql_lexer lexer = {.text = text, .length = strlen(text)};
    while (lexer.at < lexer.length &&
           (lexer.within != RB_SQL_IN_PLAIN || text[lexer.at] != ';'))
        rb_sql_lexer_step(&lexer);
    const char *rest = skip(text + lexer.at, ';');
    return *rest && !is_word(text, "CREATE") ? rest : NULL;
}

bool rb_sql_word_check(const char *text, bool reads, struct rb_error *err)
{
    const char *at = skip(text, ';'), *word = of_transaction(at);
    if (word)
        return rb_fail(
            err, RB_ERR_INVALID,
            "%s can't be a statement: the transaction is begun and ended for all of "
            "them, or with `transaction: false` for each",
            word);
    if (second(at))
        return rb_fail(err, RB_ERR_INVALID,
                       "several commands in one text: write them as a list");
    return !reads || check_reads(at, err);
}
