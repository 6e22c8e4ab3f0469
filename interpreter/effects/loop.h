#pragma once
/* A loop of events that may not be had: one without its descriptors ends the process later. */

#include <uv.h>

#include "base/error.h"

/* RB_ERR_IO when there is no descriptor or no memory for it; then there is nothing to close. */
bool rb_loop_init(uv_loop_t *ret_loop, struct rb_error *err) RB_MUST_CHECK;
