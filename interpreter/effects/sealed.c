#include "effects/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "plan/template.h"

bool rb_sealed_bytes(const struct rb_value *value, const struct rb_secrets *secrets,
                     struct rb_sealed_bytes *ret_bytes, struct rb_error *err)
{
    const char *name = rb_template_secret(value);
    const struct rb_secret *secret = name ? rb_secrets_find(secrets, name) : NULL;
    if (name && !secret) {
        rb_fail(err, RB_ERR_IO, "the secret `%s` is not here", name);
        err->sys = ENOKEY;
        return false;
    }
    *ret_bytes = secret ? (struct rb_sealed_bytes){secret->bytes, secret->length}
                        : (struct rb_sealed_bytes){rb_value_as_text(value, ""),
                                                   rb_value_length(value)};
    return true;
}

/* Programs judge a file with passwords by who else may read it. */
static bool seal(int fd)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    return fchmod(fd, S_IRUSR) == 0 && fcntl(fd, F_ADD_SEALS, seals) == 0 &&
           lseek(fd, 0, SEEK_SET) == 0;
}

static bool begin(const char *name, int *ret_fd, struct rb_error *err)
{
    *ret_fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return *ret_fd >= 0 || rb_fail_errno(err, RB_ERR_IO, "a file in memory can't be made");
}

bool rb_sealed_text(const struct rb_value *value, const struct rb_secrets *secrets,
                    int *ret_fd, struct rb_error *err)
{
    struct rb_sealed_bytes bytes;
    RB_AUTO_CLOSE int fd = -1;
    if (!rb_sealed_bytes(value, secrets, &bytes, err) || !begin("stdin", &fd, err))
        return false;
    if (!rb_file_write_all(fd, bytes.data, bytes.length, NULL) || !seal(fd))
        return rb_fail_errno(err, RB_ERR_IO,
                             "the text for standard input can't be made ready");
    *ret_fd = rb_take_descriptor(&fd);
    return true;
}

/* What is declared as a secret has lost the end of its last line, and keys are no keys without. */
static bool end_line(int fd, char last)
{
    return last == '\n' || rb_file_write_all(fd, "\n", 1, NULL);
}

bool rb_sealed_file(const struct rb_value *parts, const struct rb_secrets *secrets,
                    int *ret_fd, struct rb_error *err)
{
    RB_AUTO_CLOSE int fd = -1;
    bool written = true;
    char last = '\n';
    if (!begin("file", &fd, err))
        return false;
    for (size_t i = 0; written && i < rb_value_count(parts); i++) {
        struct rb_sealed_bytes bytes;
        if (!rb_sealed_bytes(rb_value_at(parts, i), secrets, &bytes, err))
            return false;
        written = rb_file_write_all(fd, bytes.data, bytes.length, NULL);
        last = bytes.length > 0 ? bytes.data[bytes.length - 1] : last;
    }
    if (!written || !end_line(fd, last) || !seal(fd))
        return rb_fail_errno(err, RB_ERR_IO, "a file in memory can't be made ready");
    *ret_fd = rb_take_descriptor(&fd);
    return true;
}
