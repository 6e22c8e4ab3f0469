#pragma once
/* Runbooks as text, and what check/ finds in them. */

/* The findings of parse/ and check/ have to be `expected`: "401 7:15" for each, code and place,
 * with spaces between, in the order of the file; "" for none. */
void finds(const char *yaml, const char *expected);

/* The same for the steps of an otherwise empty runbook with the parameters x (a text) and n (an
 * integer) and a default timeout. The steps begin in line 1, and both parameters are used. */
void steps_find(const char *steps, const char *expected);

/* The same for one step with this script, whose first line is line 1, column 1. */
void script_finds(const char *script, const char *expected);
