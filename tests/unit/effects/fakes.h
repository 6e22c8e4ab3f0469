#pragma once
/* Workers that run C in place of Lua, and the one job they are given: an expectation of the exit
 * code and an item "x". */

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"

const struct rb_value *fake_job(int64_t time_us);
/* The expectation holds, the item fails with "pid N". */
const struct rb_value *fake_outcome(void);
/* `sh.exec{program}`, and the question for it alone. */
const struct rb_value *fake_call(const char *program);
const struct rb_value *fake_request(const char *program);

/* What all items are when something went wrong. */
#define FAKE_BOTH(message) "{" FAKE_ITEMS(message)
#define FAKE_CUT(message)  "{\"cut\":true," FAKE_ITEMS(message)
#define FAKE_ITEMS(message)            \
    "\"items\":[{\"error\":\"" message \
    "\",\"name\":\"expect.exit\"},{\"error\":\"" message "\",\"name\":\"x\"}]}"

bool fake_write(int fd, const struct rb_value *owned);
int fake_stay(void); /* until it is killed */

/* Programs of a worker. */
int fake_honest(int fd, int run_dir); /* gives fake_outcome for each job */
int fake_hangs(int fd, int run_dir);
int fake_dies(int fd, int run_dir);     /* by a signal, when it has its job */
int fake_gives_up(int fd, int run_dir); /* "no descriptor left" */
int fake_misses(int fd, int run_dir);   /* "there is no blob" */
int fake_no_json(int fd, int run_dir);
int fake_too_long(int fd, int run_dir);
int fake_asks(int fd, int run_dir); /* twice; its item tells the exit codes it got */
int fake_asks_together(int fd, int run_dir); /* the same, both at once */
