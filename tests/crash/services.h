#pragma once
/* What a scene asks beyond its machine: a web service, a database. No crash reaches them; they count what
 * arrives. Each worker has its own. */

#include <stdbool.h>

#include "base/buf.h"

struct lab;
struct scene;

enum service { NO_SERVICE, WEB, DATABASE, SERVICES };

/* What writes to it. */
struct arrival {
    const char *step; /* NULL: nothing */
    const char *what; /* as the service knows it */
};

/* Starts what the scenes need, or the one called `only`, for so many workers; before they are
 * forked. What is started ends with this process. */
bool services_start(const char *repository, const char *only, int workers);
/* As at first; its parameters for the runbook are in params.yaml of the world then, and its password
 * in the environment. */
bool service_begin(const struct lab *lab, const struct scene *scene);
/* Appends a line for each write that arrived, as the seam has them of programs. */
void service_tell(const struct lab *lab, const struct scene *scene, struct rb_buf *effects);
