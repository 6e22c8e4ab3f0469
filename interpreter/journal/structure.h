#pragma once
/* Is a record built as a record is? Its beginning, its writers, its times, its stored files. */

#include "journal/line.h"
#include "journal/verify.h"

struct rb_structure {
    const struct rb_run *run;
    struct rb_level level; /* what was found so far */
    int writer;            /* of the last record, 0: none yet */
    enum rb_event_type last;
    rb_time utc, mono;
    int set_back; /* how often the clock was */
    int files;    /* sources and plan that are as they were */
};

void rb_structure_init(struct rb_structure *structure, const struct rb_run *run);
void rb_structure_take(struct rb_structure *structure, const struct rb_record *record);
/* Says what was found, where that is nothing bad. */
void rb_structure_end(struct rb_structure *structure);
