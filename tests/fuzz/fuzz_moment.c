/* Times as people write them: whatever is read says the same again. */

#include "base/mem.h"
#include "base/moment.h"
#include "fuzz.h"

static void check_spelled(const struct rb_moment *moment)
{
    struct rb_moment again;
    char text[28];
    rb_time_format(moment->utc, text);
    const char *spelled = moment->kind == RB_MOMENT_ABSOLUTE ? text : moment->local;
    assert(rb_moment_parse(spelled, &again));
    assert(again.kind == moment->kind && again.utc == moment->utc && again.offset == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct fuzz_lines lines = fuzz_lines_of(bytes, length);
    const char *line;
    size_t line_length;
    while (fuzz_line_next(&lines, &line, &line_length)) {
        RB_AUTO_FREE char *text = rb_strndup(line, line_length);
        struct rb_moment moment;
        rb_time since;
        if (rb_moment_parse(text, &moment))
            check_spelled(&moment);
        if (rb_moment_of_day(text, &since))
            assert(since >= 0 && since <= 86400 * RB_SEC);
        assert(!rb_moment_is_date(text) || strlen(text) == 10);
    }
    return 0;
}
