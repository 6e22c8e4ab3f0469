#pragma once
/* A world that meets a runbook: it answers what a run wants, by the dice or honestly, and keeps what
 * happened. What has to hold of that is in random_rules.c. */

#include "core/core.h"
#include "random_book.h"

struct world {
    struct dice dice;
    const struct rb_plan *plan;
    struct rb_state *state;
    struct rb_event *events;
    size_t count, capacity;
    rb_time now;
    uint64_t calendar; /* which one it is (random_calendar.h) */
    int resumes;
    bool honest; /* all goes well from here on */
    bool told;   /* of one that was asked for: what happens is printed */
};

/* A run of this plan is asked for. */
void world_begin(struct world *world, const struct rb_plan *plan);
/* Another, of which only the first `length` events of this one are known, as its journal would tell
 * them: it is resumed, and the world is honest but to what was under way. */
void world_resumed(struct world *world, const struct world *other, size_t length,
                   uint64_t seed);
/* Its state and events; the plan is not its own. */
void world_done(struct world *world);
/* All goes well from here on. */
void world_calm(struct world *world);
/* Something happens; false where nothing does any more. */
bool world_turn(struct world *world);

/* Fails the test where something does not hold of the events. */
void world_check(const struct world *world);
/* The parts of it that are about what a step waits for before it begins. */
void world_check_begins(const struct world *world);
void world_check_approvals(const struct world *world);
