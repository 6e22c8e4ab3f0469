#include "base/zone.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { NAME_MAX_BYTES = 64, FILE_MAX = 1 << 20 };

/* Where the C library looks for it too (tzset(3)). */
static const char *folder(void)
{
    const char *own = getenv("TZDIR");
    return own && *own ? own : "/usr/share/zoneinfo";
}

bool rb_zone_is_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > NAME_MAX_BYTES || name[0] == '/' || name[0] == '-' ||
        name[length - 1] == '/' || strstr(name, "//"))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_+-/") == length;
}

static void path_of(const char *name, struct rb_buf *out)
{
    rb_buf_printf(out, "%s/%s", folder(), name);
}

enum rb_zone_here rb_zone_find(const char *name)
{
    struct stat info;
    RB_AUTO_BUF struct rb_buf path = {0};
    path_of(name, &path);
    if (fstatat(AT_FDCWD, rb_buf_text(&path), &info, 0) == 0 && S_ISREG(info.st_mode))
        return RB_ZONE_THERE;
    return fstatat(AT_FDCWD, folder(), &info, 0) == 0 ? RB_ZONE_NOT_THERE : RB_ZONE_NO_DATA;
}

bool rb_zone_read(const char *name, struct rb_buf *ret_bytes)
{
    RB_AUTO_BUF struct rb_buf path = {0};
    struct rb_error err = {0};
    if (!rb_zone_is_name(name))
        return false;
    path_of(name, &path);
    return rb_file_read(AT_FDCWD, rb_buf_text(&path), FILE_MAX, ret_bytes, &err) &&
           ret_bytes->length > 4 && memcmp(ret_bytes->data, "TZif", 4) == 0;
}

void rb_zone_version(char ret_version[16])
{
    char text[64] = "";
    RB_AUTO_BUF struct rb_buf path = {0};
    path_of("tzdata.zi", &path);
    RB_AUTO_CLOSE int fd = open(rb_buf_text(&path), O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    ret_version[0] = '\0';
    if (got > 0 && strncmp(text, "# version ", 10) == 0)
        snprintf(ret_version, 16, "%.*s", (int)strcspn(text + 10, "\n \r"), text + 10);
}
