#!/usr/bin/python3
"""clang-tidy over every source that a build compiles. What it looks for, and why not for the rest,
stands in .clang-tidy.

    tidy.py BUILD CHECKS [PATTERN]     CHECKS are put behind those of .clang-tidy; only sources
                                       whose path contains PATTERN
"""

import json
import os
import sys
import tempfile

import pairs


def main():
    build, checks = sys.argv[1:3]
    pattern = sys.argv[3] if len(sys.argv) > 3 else ""
    sources = {path: command for path, command in sources_of(build).items() if pattern in path}
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "compile_commands.json"), "w") as file:
            json.dump(list(sources.values()), file)
        failed = pairs.run([(path, ["clang-tidy", "-p", folder, "--quiet", "--checks=" + checks, path])
                            for path in sorted(sources)])
    print(f"tidy: {len(sources)} sources, {failed} with findings")
    return 1 if failed or not sources else 0


def sources_of(build):
    """One command per source: clang-tidy would do each of those that a source is compiled with."""
    with open(os.path.join(build, "compile_commands.json")) as file:
        commands = json.load(file)
    return {os.path.relpath(os.path.join(command["directory"], command["file"])): command
            for command in reversed(commands)}


if __name__ == "__main__":
    sys.exit(main())
