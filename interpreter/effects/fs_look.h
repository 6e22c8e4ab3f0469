#pragma once
/* A look at a file system, in a process of its own: a mount whose server is gone holds up whoever
 * asks for it, and a process can be ended. It runs as `runbook look CALL`, started as a program is.
 *
 * Looks at the calendar of a place (effects/zone_look.h) go the same way.
 *
 * CALL is the canonical JSON of {"call", "req"}: `fs.stat`, `fs.read`, `fs.free` or `fs.list`; `req` has
 * `path`, and for `fs.read` also `max_bytes` and `cut`. What there is goes to standard output as one
 * line of JSON, after which `fs.read` has the bytes of the file:
 *
 * | always | `exists`; or `error`: {`code` (denied, kind, too_large, io), `message`} |
 * | `fs.stat` | `type`, `size`, `modified` (seconds since 1970), `mode`, `uid`, `gid` |
 * | `fs.read` | `size`, `cut` (there is more than `max_bytes`) |
 * | `fs.free` | in bytes: `total`, `used`, `free` (to whoever is not root); `inodes`, `inodes_free`; `read_only` |
 * | `fs.list` | `entries`: list of {`name`, `type`, `size`, `modified`}, by name; links are not followed |
 */

/* Exit status: 0 when an answer was printed, whatever it is. */
int rb_fs_look(const char *call);
