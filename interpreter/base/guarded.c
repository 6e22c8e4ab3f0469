#include "base/guarded.h"

#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

/* What is larger is made from a long secret, and locking it would fetch every page. */
enum { LOCKED_MOST = 256 << 10 };

void *rb_guarded_alloc(size_t size)
{
    size_t bytes = size ? size : 1;
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        rb_out_of_memory();
    madvise(memory, bytes, MADV_WIPEONFORK);
    madvise(memory, bytes, MADV_DONTDUMP);
    if (bytes <= LOCKED_MOST)
        mlock(memory, bytes); /* as far as the limit allows */
    return memory;
}

void rb_guarded_free(void *memory, size_t size)
{
    if (!memory)
        return;
    explicit_bzero(memory, size);
    munmap(memory, size ? size : 1);
}
