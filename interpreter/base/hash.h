#pragma once
/* uthash's tables, which end the process as rb_alloc does where memory is out. */

#include "base/mem.h"

#define uthash_fatal(message) rb_out_of_memory()
#include <uthash.h>
