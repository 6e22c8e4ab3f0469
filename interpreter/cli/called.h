#pragma once
/* The files that a runbook calls: as they lie beside it, or as a run keeps them. */

#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "parse/parse.h"

struct rb_called_file {
    char *path; /* from the folder of the runbook */
    struct rb_buf text;
};

/* Zeroed: there are none, and none can be read. */
struct rb_called_files {
    char *folder; /* of the runbook; NULL: only those that are here */
    struct rb_called_file **items;
    int count, capacity;
};

/* Those in the folder of the runbook at this path, and below: each is read when it is called. Refused is
 * what leads elsewhere by a symbolic link, and what others can write to (cli/trust.h). */
void rb_called_beside(struct rb_called_files *files, const char *runbook);
/* One more that is here; takes over what `text` holds. */
void rb_called_add(struct rb_called_files *files, const char *path, struct rb_buf *text);
void rb_called_done(struct rb_called_files *files);

/* For whoever reads the runbook; good as long as they are. */
struct rb_files rb_called_reader(struct rb_called_files *files);

/* The plan of a run, from the files that it keeps: `created` is the payload of its run.created. Never
 * NULL. */
struct rb_document *rb_called_compile(const struct rb_value *created,
                                      const struct rb_buf *runbook,
                                      struct rb_called_files *files,
                                      struct rb_diags *diags);

/* Under which name a run keeps the file of this number: "call-1-migrate.yaml". Owned. */
char *rb_called_name(const struct rb_called_files *files, int number);
