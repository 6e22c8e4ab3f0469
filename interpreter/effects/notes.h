#pragma once
/* The notes of a request: steps/<dir>/started and steps/<dir>/exit, and supervisor.boot and
 * supervisor.pid of the run. Plain writes: they outlive every process, and a boot after which
 * they can't be trusted is told by its id. */

#include "base/error.h"
#include "base/value.h"
#include "effects/supervisor.h"
#include "effects/tree.h"

enum { RB_BOOT_ID = 36 };

#define RB_NOTE_BOOT "supervisor.boot"

bool rb_note_boot_id(char ret_id[RB_BOOT_ID + 1], struct rb_error *err) RB_MUST_CHECK;

/* Opens the folder of a request, steps/<dir>, and makes it where there is none. `dir` has to be
 * one part of a path. */
bool rb_note_folder(int steps, const char *dir, int *ret_folder,
                    struct rb_error *err) RB_MUST_CHECK;

/* Creates `started`; RB_ERR_REFUSED when it is there: nothing is started twice. *ret_fd is for
 * rb_note_programs, and to be closed. */
bool rb_note_started(int folder, int *ret_fd, struct rb_error *err) RB_MUST_CHECK;
/* That failed for want of room on the disk: with room it can be done. */
bool rb_note_had_no_room(const struct rb_error *err);

/* By what the programs of a request are found again when their supervisor is dead. */
struct rb_note_programs {
    const pid_t *pids;
    size_t count;
    ino_t pipes[2]; /* that their output goes to; 0: none */
};

/* Replaces what `started` says; NULL: there are no programs. */
void rb_note_programs(int fd, const char *boot_id, const struct rb_note_programs *programs);

bool rb_note_exit(int folder, const struct rb_value *outcome,
                  struct rb_error *err) RB_MUST_CHECK;
/* New references, NULL when there is no sound one. `started` has boot_id, pids, starts,
 * pipes. */
const struct rb_value *rb_note_read_started(int run_dir, const char *dir);
const struct rb_value *rb_note_read_exit(int run_dir, const char *dir);

/* Whether the run's notes were written since this machine was booted. In a run that has no
 * note of its boot yet, writes it durably: no effect can have been asked for before it. */
bool rb_note_same_boot(int run_dir, bool *ret_same, struct rb_error *err) RB_MUST_CHECK;
/* From here on the notes are those of this boot. */
bool rb_note_boot(int run_dir, struct rb_error *err) RB_MUST_CHECK;

/* Who the supervisor is: this process. It can be reached without it; only a signal can't. */
void rb_note_supervisor(int run_dir, const char *boot_id);
/* Sends it to the supervisor, unless that ended, whoever has its pid by now. */
void rb_note_signal_supervisor(int run_dir, int signal);

/* The program that a note names at this place, if it is there (a zombie too) and no stranger has its
 * pid by now. */
bool rb_note_find_program(const struct rb_value *note, size_t at, struct rb_proc *ret_proc);
/* Pids of another boot say nothing. */
bool rb_note_is_of_now(const struct rb_value *note);

bool rb_note_any(int run_dir, const char *dir);

/* Takes back `started` of a request that is known not to have been done: it can begin anew. */
void rb_note_forget(int run_dir, const char *dir);

/* What the notes tell of a request that no supervisor has under way. Notes of an earlier boot
 * may be missing what was done: then its doubt is noted, so that it stays in doubt. */
enum rb_found rb_note_find(int run_dir, const char *dir, bool same_boot,
                           const struct rb_value **ret_outcome);
