#include "seam.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct seam *seam;
static int depth = -1;

#define ERRORS(...)    \
    {                  \
        __VA_ARGS__, 0 \
    }
#define NONE \
    {        \
        0    \
    }
#define CALL(result, name, class, errors, params, args) {#name, class, errors},
#define ALLOC(name, params, args)                       {#name, MEMORY, {ENOMEM, 0}},
#define OWN(name, class, errors)                        {#name, class, errors},
const struct call seam_calls[] = {
#include "calls.h"
};
#undef CALL
#undef ALLOC
#undef OWN
const int seam_call_count = sizeof seam_calls / sizeof *seam_calls;

void seam_enter(void)
{
    depth = 0;
}

void seam_enter_child(void)
{
    if (depth >= 0)
        depth++;
}

bool seam_is_watched(void)
{
    return seam && depth >= 0;
}

enum role seam_role(void)
{
    return depth < SUPERVISOR ? (enum role)depth : SUPERVISOR;
}

static void end_here(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static bool fails(const struct call *call, int error)
{
    for (int i = 0; call->errors[i]; i++) {
        if (call->errors[i] == error)
            return true;
    }
    return false;
}

/* A call may be another one than in the run without a fault: then the next one is meant to which it
 * can happen. */
static bool fits(const struct call *call)
{
    switch (seam->fault.kind) {
    case FAULT_ERROR:
        return fails(call, seam->fault.error);
    case FAULT_SHORT:
    case FAULT_TORN:
        return strcmp(call->name, "write") == 0 || strcmp(call->name, "pwrite64") == 0;
    case FAULT_LIE:
        return call->class == SYNCS;
    case FAULT_CLOCK:
        return strcmp(call->name, "clock_gettime") == 0;
    default:
        return true;
    }
}

static int act(void)
{
    switch (seam->fault.kind) {
    case FAULT_BOTH:
    case FAULT_POWER:
        seam->dead = true;
        end_here();
        return 0;
    case FAULT_KILL:
        end_here();
        return 0;
    case FAULT_ERROR:
        return seam->fault.error;
    case FAULT_SHORT:
        return SEAM_SHORT;
    case FAULT_TORN:
        return SEAM_TORN;
    case FAULT_LIE:
        return SEAM_LIE;
    default:
        return 0;
    }
}

/* Is it this call that the fault is meant for, or one after it that it lasts for? */
static bool is_met(int call, int nth)
{
    const struct fault *fault = &seam->fault;
    bool memory = seam_calls[call].class == MEMORY;
    if (fault->kind == FAULT_NONE || fault->role != seam_role() || fault->memory != memory)
        return false;
    if (nth >= fault->nth && !seam->hit && fits(&seam_calls[call])) {
        seam->hit = call + 1;
        return true;
    }
    if (nth <= fault->nth || !seam->hit)
        return false;
    return fault->kind == FAULT_LIE || (fault->for_ever && seam->hit == call + 1);
}

int seam_gate(int call)
{
    if (!seam_is_watched())
        return 0;
    if (seam->dead)
        end_here();
    enum role role = seam_role();
    bool memory = seam_calls[call].class == MEMORY;
    int nth = 1 + (memory ? seam->allocated : seam->count)[role]++;
    if (!memory && nth < TRACE_MAX)
        seam->trace[role][nth] =
            (unsigned char)(call | (seam->under_way > 0 ? TRACE_UNDER_WAY : 0));
    return is_met(call, nth) ? act() : 0;
}

/* Nobody is killed while holding it but by the end of the whole trial: the interpreter ends
 * only workers, and those change nothing. */
void seam_lock(void)
{
    while (atomic_flag_test_and_set(&seam->lock)) {
        if (seam->dead)
            end_here();
        sched_yield();
    }
}

void seam_unlock(void)
{
    atomic_flag_clear(&seam->lock);
}

#define NUMBER(name)                                    CALL_##name
#define CALL(result, name, class, errors, params, args) NUMBER(name),
#define ALLOC(name, params, args)                       NUMBER(name),
#define OWN(name, class, errors)                        NUMBER(name),
enum {
#include "calls.h"
};
#undef CALL
#undef ALLOC
#undef OWN

#define CALL(result, name, class, errors, params, args)                        \
    result __real_##name params;                                               \
    result __wrap_##name params;                                               \
    result __wrap_##name params                                                \
    {                                                                          \
        int error = seam_gate(NUMBER(name));                                   \
        if (error <= 0)                                                        \
            return __real_##name args;                                         \
        errno = error;                                                         \
        return (result)-1; /* NOLINT(performance-no-int-to-ptr): MAP_FAILED */ \
    }
#define ALLOC(name, params, args)            \
    void *__real_##name params;              \
    void *__wrap_##name params;              \
    void *__wrap_##name params               \
    {                                        \
        int error = seam_gate(NUMBER(name)); \
        if (error <= 0)                      \
            return __real_##name args;       \
        errno = error;                       \
        return NULL;                         \
    }
#define OWN(name, class, errors)
#include "calls.h"
