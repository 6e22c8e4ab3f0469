"""Writes the modules of the standard library as a C table: embed.py OUTPUT MODULE.lua..."""

import pathlib
import sys


def literal(data):
    lines = (data[i : i + 20] for i in range(0, len(data), 20))
    return "\n".join("    " + ",".join(str(byte) for byte in line) + "," for line in lines)


def main():
    output, paths = sys.argv[1], [pathlib.Path(path) for path in sys.argv[2:]]
    parts, rows = [], []
    for path in paths:
        data = path.read_bytes()
        parts.append(f"static const char {path.stem}_lua[] = {{\n{literal(data)}\n    0}};\n")
        rows.append(f'    {{"{path.stem}", {path.stem}_lua, {len(data)}, {{0}}}},\n')
    table = "static const struct rb_module embedded[] = {\n" + "".join(rows) + "};\n"
    pathlib.Path(output).write_text("".join(parts) + table)


main()
