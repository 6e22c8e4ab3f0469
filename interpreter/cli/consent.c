#include "cli/consent.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { LINE_MAX_BYTES = 256 };

static bool typed(FILE *terminal, const char *prompt, const char *word)
{
    char line[LINE_MAX_BYTES];
    fputs(prompt, terminal);
    fflush(terminal);
    if (!fgets(line, sizeof line, terminal))
        return false;
    /* The end of input hands back a line that was never ended: that is no yes. */
    if (!strchr(line, '\n'))
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return strcmp(line, word) == 0;
}

bool rb_consent(const char *prompt, const char *word, const char *otherwise,
                struct rb_error *err)
{
    FILE *terminal = fopen("/dev/tty", "r+e");
    if (!terminal)
        return rb_fail(err, RB_ERR_REFUSED, "nothing was signed: there is no terminal; %s",
                       otherwise);
    bool yes = typed(terminal, prompt, word);
    fclose(terminal);
    return yes ||
           rb_fail(err, RB_ERR_REFUSED, "nothing was signed: `%s` was not typed", word);
}
