#!/bin/sh
# What a reviewer should not have to look for: format, sizes, layers, warnings.
set -eu
python=/usr/bin/python3

echo "lint: format"
git ls-files -- 'interpreter/*.c' 'interpreter/*.h' 'tests/*.c' 'tests/*.h' |
    xargs clang-format --dry-run -Werror

for compiler in gcc clang; do
    echo "lint: warnings of $compiler"
    [ -f "build-lint-$compiler/build.ninja" ] ||
        CC=$compiler meson setup "build-lint-$compiler" --wrap-mode=nodownload \
            -Dbuildtype=debugoptimized -Dwerror=true >/dev/null
    ninja -C "build-lint-$compiler" --quiet
done

echo "lint: cppcheck"
# NULL is a pointer here, also as the last of a variadic function's arguments; an option with
# choices always has a value.
cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --language=c -j 2 \
    --enable=warning,portability -D_GNU_SOURCE -I interpreter \
    --suppress=missingIncludeSystem --suppress=varFuncNullUB \
    --suppress=nullPointer:interpreter/cli/args.c --suppress=duplicateAssignExpression \
    --template='{file}:{line}: {severity}: {message} [{id}]' interpreter

echo "lint: sizes and layers"
RUNBOOK=build-lint-gcc/runbook $python -m pytest -q -p no:cacheprovider tests/program/test_shape.py
