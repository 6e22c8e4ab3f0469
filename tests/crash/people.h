#pragma once
/* People whose signature a run waits for, with throw-away keys of their own. */

#include <stdbool.h>

struct lab;

struct person {
    const char
        *role; /* that of the example; their name is ROLE@example.org. NULL: nobody */
    const char *item; /* what they confirm; NULL: they approve what the run waits for */
};

/* The file of signers, with a key of everybody that the examples know; made when first asked for. */
bool people_make(const struct lab *lab);
/* Where it is. */
void people_signers(const struct lab *lab, char *ret_path, int size);
/* What the last run of the world waits for: read, and signed as it was shown. */
bool people_sign(const struct lab *lab, const struct person *person);
