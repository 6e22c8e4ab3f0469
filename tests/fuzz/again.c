/* again FOLDER-OR-FILE...: runs a target over inputs that are kept, one after the other. Where
 * it breaks, the last name it told is that of the input. */

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "fuzz.h"

static int count;

static int run(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void)stat, (void)where;
    RB_AUTO_BUF struct rb_buf bytes = {0};
    struct rb_error err = {0};
    if (kind == FTW_D)
        return 0;
    fprintf(stderr, "%s\n", path);
    if (kind != FTW_F || !rb_file_read(AT_FDCWD, path, RB_SOURCE_MAX, &bytes, &err)) {
        fprintf(stderr, "%s: can't be read\n", path);
        return 1;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)rb_buf_text(&bytes), bytes.length);
    count++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int before = count;
        if (nftw(argv[i], run, 16, FTW_PHYS) != 0 || count == before) {
            fprintf(stderr, "%s: no inputs there\n", argv[i]);
            return EXIT_FAILURE;
        }
    }
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
