#pragma once
/* Catches what is written to a descriptor. */

/* Until capture_end, writes to `fd` go to a file. */
void capture_begin(int fd);
/* Gives the descriptor back and returns what was written, good until the next capture_begin. */
const char *capture_end(void);
/* The same for a test that failed before its capture_end. */
void capture_abandon(void);
