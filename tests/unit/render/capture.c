#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int captured = -1, saved = -1;
static FILE *file;
static char text[1 << 16];

void capture_begin(int fd)
{
    captured = fd;
    saved = dup(fd);
    file = tmpfile();
    if (saved < 0 || !file || dup2(fileno(file), fd) < 0)
        abort();
}

void capture_abandon(void)
{
    if (captured < 0)
        return;
    if (dup2(saved, captured) < 0)
        abort();
    close(saved);
    fclose(file);
    captured = -1;
}

const char *capture_end(void)
{
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    capture_abandon();
    return text;
}
