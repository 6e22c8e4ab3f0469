#pragma once
/* What json_encode.c and json_decode.c agree on. */

#include "base/json.h"

#define RB_JSON_INT_LIMIT ((INT64_C(1) << 53) - 1)

/* Room for "%.17g", with what gcc thinks it may take. */
#define RB_JSON_NUMBER_TEXT 40

/* The shortest text that reads back as the same number; "nan", "inf", "-inf". */
void rb_json_number_text(double number, char ret_text[RB_JSON_NUMBER_TEXT]);

/* Whether every key of a map can stand as a JSON key: UTF-8 without a NUL. */
bool rb_json_plain_keys(const struct rb_value *map);
