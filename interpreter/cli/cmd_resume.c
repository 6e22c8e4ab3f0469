#include "cli/commands.h"
#include "cli/resume.h"

int rb_cmd_resume(const struct rb_args *args)
{
    return rb_resume(args, true);
}
