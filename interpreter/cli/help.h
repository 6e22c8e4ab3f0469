#pragma once
/* Help and man pages, from the table of commands. */

#include <stdio.h>

#include "cli/command.h"

void rb_help_program(FILE *out);
void rb_help_command(const struct rb_command *command, FILE *out);
/* roff for man(1): of a command, or of the program (NULL). */
void rb_help_man(const struct rb_command *command, FILE *out);
