#!/bin/sh
# Plants bugs into a copy of the source, one at a time, and sees the crashes find each.
#   planted.sh FOLDER      an empty folder to copy and build in
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:?an empty folder}

git -C "$root" archive HEAD | tar -x -C "$folder"
cd "$folder"
meson setup build --wrap-mode=nodownload >/dev/null

# plant WHAT FILE FROM TO: FROM stands there once.
plant() {
    git -C "$root" show "HEAD:$2" >"$2"
    if [ "$(grep -cF -- "$3" "$2")" != 1 ]; then
        echo "planted: $2 has no line, or more than one, with: $3" >&2
        exit 2
    fi
    awk -v from="$3" -v to="$4" \
        '{ at = index($0, from)
           if (at) $0 = substr($0, 1, at - 1) to substr($0, at + length(from))
           print }' "$2" >"$2.new"
    mv "$2.new" "$2"
    ninja -C build tests/crash/crash >/dev/null
    began=$(date +%s)
    if build/tests/crash/crash --most 12 --until-broken >build/out 2>&1; then
        echo "NOT FOUND: $1"
        missed=1
    else
        echo "found in $(($(date +%s) - began)) s: $1: $(grep -m 1 BROKEN build/out)"
    fi
    git -C "$root" show "HEAD:$2" >"$2"
}

missed=0
plant "an effect begins before its intent is on disk" interpreter/effects/engine.c \
    "bool durable = engine->weighty || engine->acts || engine->asks;" "bool durable = false;"
plant "a step that was started, and left no note of its end, counts as never started" \
    interpreter/effects/notes.c \
    'return exists(run_dir, dir, "started") || exists' 'return exists'
plant "a step without notes counts as not started, also after the power went" \
    interpreter/effects/notes.c "if (same_boot)" "if (same_boot || true)"
plant "a run that is resumed is written on behind a torn line" interpreter/journal/writer.c \
    "if (end->offset == end->size) {" "if (true) {"
exit "$missed"
