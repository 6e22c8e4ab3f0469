#include "plan/http.h"

#include <string.h>

bool rb_http_is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

const char *rb_http_method(const struct rb_value *spec)
{
    bool content = rb_value_get(spec, "json") || rb_value_get(spec, "form") ||
                   rb_value_get(spec, "body") || rb_value_get(spec, "file");
    return rb_value_get_text(spec, "method", content ? "POST" : "GET");
}
