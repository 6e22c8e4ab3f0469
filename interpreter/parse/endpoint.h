#pragma once
/* The other ends of connections, by type: what stands under `connections.NAME`. */

#include "base/value.h"
#include "parse/fields.h"

/* Reads the members of plan/spec.md but `type`, which the caller has read. */
typedef void rb_endpoint_read(struct rb_compiler *c, const struct rb_yaml_node *node,
                              struct rb_map_builder *map);
rb_endpoint_read rb_endpoint_web;     /* http, prometheus */
rb_endpoint_read rb_endpoint_webhook; /* a service that is told things, by HTTP */
rb_endpoint_read rb_endpoint_slack;
rb_endpoint_read rb_endpoint_smtp;
rb_endpoint_read rb_endpoint_s3;
