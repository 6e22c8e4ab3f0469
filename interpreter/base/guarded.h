#pragma once
/* Memory for secrets: it is in no core file, a forked process finds zeros in it, it is not swapped
 * out where the system allows that, and it is wiped when it is freed. For a few long-lived
 * blocks: each takes whole pages. */

#include <stddef.h>

void *rb_guarded_alloc(size_t size); /* zeroed; like rb_alloc it can't fail */
/* `size` is that of the allocation. Accepts NULL. */
void rb_guarded_free(void *memory, size_t size);
