#!/bin/sh
# Plants bugs into a copy of the source, one at a time, and sees the crashes find each.
#   planted.sh FOLDER      an empty folder to copy and build in
set -eu
target=tests/crash/crash

seek() {
    ! build/tests/crash/crash --most 12 --until-broken >build/out 2>&1 || return 1
    grep -m 1 BROKEN build/out
}

. "$(dirname "$0")/../tools/plant.sh"

plant "an effect begins before its intent is on disk" interpreter/effects/engine.c \
    "write_out(engine, engine->weighty || engine->acts || engine->asks)" \
    "write_out(engine, false)"
plant "a step that was started, and left no note of its end, counts as never started" \
    interpreter/effects/notes.c \
    'return exists(run_dir, dir, "started") || exists' 'return exists'
plant "a step without notes counts as not started, also after the power went" \
    interpreter/effects/notes.c "if (same_boot)" "if (same_boot || true)"
plant "a run that is resumed is written on behind a torn line" interpreter/journal/writer.c \
    "if (end->offset == end->size) {" "if (true) {"
exit "$missed"
