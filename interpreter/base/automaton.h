#pragma once
/* Many words looked for at once, in a stream that comes in pieces: A. V. Aho, M. J. Corasick,
 * "Efficient string matching", CACM 18 (1975). Where no word has begun, what can't begin one is
 * passed over in strides, as in S. Wu, U. Manber, "A fast algorithm for multi-pattern searching"
 * (TR-94-17, University of Arizona, 1994). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rb_automaton;

/* `room`: bytes of all words that will be added, together; the words lie in guarded memory. With
 * `wrapped`, a line end inside a word is passed over, as long as it is no empty line and the
 * lines have RB_AUTOMATON_LINE bytes or more. */
enum { RB_AUTOMATON_LINE = 16 };
struct rb_automaton *rb_automaton_new(size_t room, bool wrapped);
void rb_automaton_free(struct rb_automaton *automaton); /* wipes; accepts NULL */

/* A word has 2 bytes or more. Of equal words the first tag holds. */
void rb_automaton_add(struct rb_automaton *automaton, const char *word, size_t length,
                      unsigned tag);
/* After the last word, before the first search. */
void rb_automaton_seal(struct rb_automaton *automaton);

/* Where a search stands in its stream: zeroed at its beginning. Offsets count from the place that
 * the last rb_automaton_rebase made 0. */
struct rb_search {
    uint32_t state;
    size_t at;      /* offset of the next byte */
    size_t *breaks; /* offsets of line ends passed over since the word began */
    size_t break_count, break_capacity;
    int at_break; /* bytes of a line end just passed over */
};
void rb_search_done(struct rb_search *search);

/* A word ends at `end`; of those that do it is the longest. */
typedef void rb_automaton_hit(void *context, size_t start, size_t end, unsigned tag);

void rb_automaton_search(const struct rb_automaton *automaton, struct rb_search *search,
                         const char *bytes, size_t length, rb_automaton_hit *hit,
                         void *context);
/* No word that is found from now on begins before this offset. */
size_t rb_automaton_safe(const struct rb_automaton *automaton,
                         const struct rb_search *search);
/* Offsets count from `origin` on, which is at most the safe one. */
void rb_automaton_rebase(struct rb_search *search, size_t origin);
