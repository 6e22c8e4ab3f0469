#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/diag.h"
#include "cli/commands.h"
#include "cli/load.h"

int rb_cmd_explain(const struct rb_args *args)
{
    const char *word = args->words[0];
    char *end;
    long code = strtol(strncasecmp(word, "RB", 2) == 0 ? word + 2 : word, &end, 10);
    const struct rb_diag_info *info = *end ? NULL : rb_diag_info((int)code);
    if (!info) {
        struct rb_error err = {0};
        rb_fail(&err, RB_ERR_USAGE, "there is no finding `%s`; they look like RB0401",
                word);
        return rb_report(&err);
    }
    printf("RB%04d: %s (%s)\n\n%s\n", info->code, info->title,
           info->severity == RB_DIAG_ERROR ? "error" : "warning", info->explanation);
    return 0;
}
