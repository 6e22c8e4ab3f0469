"""Reads the documentation of the standard library, which is the comments of its modules:

    document.py meta FOLDER MODULE.lua...   declarations for editors (LuaLS) into the folder
    document.py markdown MODULE.lua...      the reference, to standard output

A block of `---` lines stands above what it documents: the module's table, a member of it, a global
function, a value of the run; or alone, when it declares a class. Four spaces in front make a line of it an example."""

import pathlib
import re
import sys

OPENING, CLOSING = "([{<", ")]}>"

# What a block can stand above: pattern of the line, what an editor's file has in its place.
TABLE = re.compile(r"local (\w+) = \{\}$")
FUNCTION = re.compile(r"function ([\w.]+)\(([^)]*)\)")
MEMBER = re.compile(r"(\w+(?:\.\w+)?) = ")


class Block:
    """The lines of one comment, without their dashes, and the line below it."""

    def __init__(self, lines, below):
        self.lines, self.below = lines, below
        self.tags = [tuple(line[1:].split(None, 1)) for line in lines if line.startswith("@")]
        self.text = [line for line in lines if not line.startswith("@")]

    def values(self, tag):
        return [rest[0] if rest else "" for name, *rest in self.tags if name == tag]

    @property
    def name(self):
        """Of the function or member below it; None: of a table, or a class alone."""
        found = FUNCTION.match(self.below) or MEMBER.match(self.below)
        return found.group(1) if found else None

    @property
    def call(self):
        found = FUNCTION.match(self.below)
        return f"{found.group(1)}({found.group(2)})" if found else self.name

    @property
    def declaration(self):
        table, function = TABLE.match(self.below), FUNCTION.match(self.below)
        if table:
            return f"{table.group(1)} = {{}}"
        if function:
            return f"function {self.call} end"
        return f"{self.name} = nil" if self.name else ""

    @property
    def examples(self):
        found = re.findall(r"(?:^    .*\n?)+", "\n".join(self.text), re.M)
        return [re.sub(r"^    ", "", example, flags=re.M).rstrip("\n") for example in found]


class Module:
    def __init__(self, path):
        lines = pathlib.Path(path).read_text().split("\n")
        self.name = lines[0].removeprefix("---@meta").strip()
        assert lines[0].startswith("---@meta"), f"{path} does not begin with ---@meta"
        end = next(i for i, line in enumerate(lines[1:], 1) if not line.startswith("--"))
        self.about = [line[2:].strip() for line in lines[1:end]]
        self.blocks = list(blocks_of(lines[end:]))
        documented = {block.name for block in self.blocks}
        for line in lines:
            public = FUNCTION.match(line) or MEMBER.match(line)
            assert not public or public.group(1) in documented, \
                f"{path}: {public.group(1)} has no comment"

    @property
    def members(self):
        return [block for block in self.blocks if block.name]

    @property
    def classes(self):
        return [block for block in self.blocks if block.values("class") and not block.below]


def blocks_of(lines):
    block = []
    for line in lines:
        if line.startswith("---"):
            block.append(line[3:])
        elif block:
            yield Block(block, line)
            block = []


def split_type(text):
    """Parts "string|fun(): boolean  what it is" behind the type."""
    depth, quoted = 0, False
    for at, char in enumerate(text):
        quoted ^= char == '"'
        depth += (char in OPENING) - (char in CLOSING)
        if char.isspace() and depth == 0 and not quoted and text[at - 1] not in ":,":
            return text[:at], text[at:].strip()
    return text, ""


def meta(module):
    lines = ["---@meta", ""] + ["---" + line for line in module.about] + [""] * (not module.name)
    for block in module.blocks:
        lines += ["---" + line for line in block.lines]
        lines += [block.declaration, ""] if block.declaration else [""]
    return "\n".join(lines).rstrip("\n") + "\n"


def prose(lines):
    """Text and examples as Markdown."""
    out, code = [], False
    for line in lines + [""]:
        if line.startswith("    ") != code and (code or line):
            out.append("```" if code else "```lua")
            code = not code
        out.append(line[4:] if code else line)
    return "\n".join(out).strip("\n")


def row(kind, text):
    type_, about = split_type(text)
    name = kind.rstrip("?")
    optional = " (may be left out)" if kind.endswith("?") else ""
    return f"- `{name}`{optional}: `{type_}`" + (f", {about}" if about else "")


def named_rows(values):
    return [row(*value.split(None, 1)) for value in values]


def result(text):
    type_, name = split_type(text)
    return f"`{type_}`" + (f" {name}" if name else "")


def markdown_member(block):
    parts = [f"### `{block.call}`", prose(block.text)]
    parts += [f"A `{type_}`." for type_ in block.values("type")]
    parts.append("\n".join(named_rows(block.values("param"))))
    if block.values("return"):
        parts.append("Gives " + ", ".join(map(result, block.values("return"))) + ".")
    return [part for part in parts if part]


def markdown_class(block):
    name, about = (block.values("class")[0].split(None, 1) + [""])[:2]
    parent = ""
    if name.endswith(":"):
        name, (parent, about) = name[:-1], (about.split(None, 1) + [""])[:2]
    head = f"### `{name}`" + (f": {about}" if about else "")
    more = f"All that `{parent}` has, and:" if parent else ""
    return list(filter(None, [head, prose(block.text), more, "\n".join(named_rows(block.values("field")))]))


def markdown_module(module):
    parts = [f"## {module.name or 'Everywhere'}", "\n".join(module.about)]
    for block in module.members:
        parts += markdown_member(block)
    for block in module.classes:
        parts += markdown_class(block)
    return parts


HEAD = """# The standard library

What expressions and Lua steps may call beside Lua's own `assert`, `error`, `ipairs`, `math`, `next`,
`pairs`, `pcall`, `select`, `string`, `table`, `tonumber`, `tostring`, `type`, `utf8` and `xpcall`. Each example
is run as a check by the tests. This page is made of the comments in [stdlib/](../stdlib) by
`stdlib/document.py`. For editors with a Lua language server the same comments are installed as declarations:
name `share/runbook/meta` in `Lua.workspace.library`."""


def markdown(modules):
    modules = sorted(modules, key=lambda module: module.name)
    parts = [HEAD] + [part for module in modules for part in markdown_module(module)]
    return "\n\n".join(parts) + "\n"


def main():
    command, *rest = sys.argv[1:]
    if command == "markdown":
        sys.stdout.write(markdown([Module(path) for path in rest]))
        return
    folder = pathlib.Path(rest[0])
    for path in map(pathlib.Path, rest[1:]):
        (folder / path.name).write_text(meta(Module(path)))


if __name__ == "__main__":
    main()
