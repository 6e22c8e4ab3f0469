# Plants bugs into a copy of the source, one at a time, and sees something find each. To be sourced with a
# folder to copy and build in, which is empty, and `target`, what has to be built anew, and `seek`: it looks in the copy,
# says in a line what it found, and fails where it found nothing. At the end `missed` is 1 where one was not found.
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
folder=${1:?an empty folder}
missed=0

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
    ninja -C build "$target" >build/out || { cat build/out >&2; exit 2; }
    began=$(date +%s)
    if found=$(seek); then
        echo "found in $(($(date +%s) - began)) s: $1: $found"
    else
        echo "NOT FOUND: $1"
        missed=1
    fi
    git -C "$root" show "HEAD:$2" >"$2"
}
