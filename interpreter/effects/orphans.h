#pragma once
/* Programs that outlived their supervisor: nobody reads what they write, and nobody would see
 * how they end. */

/* Ends those of a request, as far as its note tells which they are, with all that they started:
 * whatever is decided about a step in doubt, nothing of it goes on beside that. */
void rb_orphans_end(int run_dir, const char *dir);
