#include "plan/mail.h"

#include <string.h>

enum { LOCAL_MOST = 64, ADDRESS_MOST = 254 };

static const char atext[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "!#$%&'*+-/=?^_`{|}~";
static const char label[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

/* Words of these characters with single dots between them. */
static bool is_dotted(const char *text, size_t length, const char *set)
{
    size_t at = 0;
    for (;;) {
        size_t word = strspn(text + at, set);
        at += word;
        if (word == 0 || at > length)
            return false;
        if (at == length)
            return true;
        if (text[at++] != '.')
            return false;
    }
}

bool rb_mail_is_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at - text > LOCAL_MOST || strlen(text) > ADDRESS_MOST)
        return false;
    return is_dotted(text, (size_t)(at - text), atext) &&
           is_dotted(at + 1, strlen(at + 1), label);
}
