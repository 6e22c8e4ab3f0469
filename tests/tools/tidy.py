#!/usr/bin/python3
"""clang-tidy over every source that a build compiles. What it looks for, and why not for the rest,
stands in .clang-tidy. Its analyzer follows values from call to call, on every path that it finds, which
takes six times as long as all else: it is given fewer of them, or as many as it likes.

    tidy.py BUILD [PATTERN]             all checks, the analyzer's on its first paths
    tidy.py --deep BUILD [PATTERN]      the analyzer's alone, on all

Only sources whose path contains PATTERN.
"""

import json
import os
import sys
import tempfile

import pairs

# So many states of what a function leads to; by itself it takes 225,000. Its own mode "shallow" looks
# into no function that is called, and finds what isn't there.
SHALLOW = ["--extra-arg=-Xclang", "--extra-arg=-analyzer-config",
           "--extra-arg=-Xclang", "--extra-arg=max-nodes=4000"]
# Put behind those of .clang-tidy.
DEEP = ["--checks=-bugprone-*,-cert-*,-misc-*,-performance-*,-portability-*,-readability-*"]


def main():
    arguments = sys.argv[1:]
    deep = arguments[0] == "--deep"
    build, pattern = (*arguments[deep:], "")[:2]
    options = DEEP if deep else SHALLOW
    sources = {path: command for path, command in sources_of(build).items() if pattern in path}
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "compile_commands.json"), "w") as file:
            json.dump(list(sources.values()), file)
        failed = pairs.run([(path, ["clang-tidy", "-p", folder, "--quiet", *options, path])
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
