#pragma once
/* Runs the program, in a fork of a process that has it loaded, and ends all that it left. */

#include <stdbool.h>

struct lab;
struct fault;

/* Its words after the program's name, ended by NULL. What it prints is appended to the files
 * `out` and `err` of the world. Returns its exit status, or -(the signal that ended it). */
int command_run(const struct lab *lab, const struct fault *fault, const char *const *words);
/* Kills every process that the program left, as a power cut does. */
void command_kill_all(void);
/* Kills what is left of the program itself: the programs that it started work on. */
void command_kill_helpers(void);
/* Waits until there is none; false after too long a time. */
bool command_wait_all(void);
