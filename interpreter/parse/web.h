#pragma once
/* What describes an HTTP request: of an `http` step, and of a connection that it goes over. */

#include "base/value.h"
#include "parse/fields.h"

/* Fields that read into a struct rb_map_builder, with the members of plan/spec.md. */
void rb_web_headers(struct rb_compiler *c, const struct rb_yaml_node *value, void *into);
void rb_web_auth(struct rb_compiler *c, const struct rb_yaml_node *value, void *into);
void rb_web_tls(struct rb_compiler *c, const struct rb_yaml_node *value, void *into);
/* Of a signature: `region`. */
void rb_web_region(struct rb_compiler *c, const struct rb_yaml_node *value, void *into);
/* A URL as a list of its parts, texts and values: where a value stands decides how it is
 * written (core/url.h). */
void rb_web_url(struct rb_compiler *c, const struct rb_yaml_node *value, void *into);
/* The same of what paths follow: it is whole, and ends in a path. */
void rb_web_base_url(struct rb_compiler *c, const struct rb_yaml_node *value, void *into);
/* That of a request, or all of it a secret: who knows such a URL needs nothing else. */
void rb_web_secret_url(struct rb_compiler *c, const struct rb_yaml_node *value, void *into);
