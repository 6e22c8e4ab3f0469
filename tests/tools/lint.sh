#!/bin/sh
# What a reviewer should not have to look for: lint.sh [CHECK...]
set -eu
python=/usr/bin/python3

check_format() {
    find interpreter tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
}

# Warnings are errors in every build, so gcc's own is the one that everybody has. clang's, which
# don't depend on how much it optimizes, come soonest without, and with nothing linked.
compile_with() {
    case $1 in
    gcc) folder=build options= ;;
    *) folder=build-lint-$1 options=-Doptimization=0 ;;
    esac
    [ -f "$folder/build.ninja" ] ||
        CC=$1 meson setup "$folder" --wrap-mode=nodownload $options >/dev/null
    wanted=
    [ "$1" = gcc ] || wanted=$(ninja -C "$folder" -t targets rule c_COMPILER)
    ninja -C "$folder" --quiet $wanted
}

check_gcc() {
    compile_with gcc
}

check_clang() {
    compile_with clang
}

# NULL is a pointer here, also as the last of a variadic function's arguments. Two variables that
# begin with the same value, as a minimum and a maximum do, are no slip of the pen.
check_cppcheck() {
    cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --language=c -j 2 \
        --enable=warning,portability -D_GNU_SOURCE -I interpreter \
        --suppress=missingIncludeSystem --suppress=varFuncNullUB \
        --suppress=duplicateAssignExpression \
        --template='{file}:{line}: {severity}: {message} [{id}]' interpreter
}

# Sizes and layers.
check_shape() {
    compile_with gcc
    RUNBOOK=build/runbook $python -m pytest -q -p no:cacheprovider \
        tests/program/test_shape.py
}

check_tidy() {
    compile_with clang
    $python tests/tools/tidy.py build-lint-clang
}

check_memcheck() {
    compile_with gcc
    $python tests/tools/memcheck.py build
}

# The same two, of what takes its time.
check_tidy_deep() {
    compile_with clang
    $python tests/tools/tidy.py --deep build-lint-clang
}

check_memcheck_slow() {
    compile_with gcc
    $python tests/tools/memcheck.py --slow build
}

for check in ${*:-format gcc clang cppcheck shape tidy memcheck tidy_deep memcheck_slow}; do
    echo "lint: $check"
    "check_$check"
done
