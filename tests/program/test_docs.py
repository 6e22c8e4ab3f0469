"""The documents say what the program does: each YAML example is checked, marked ones run, and
links lead somewhere."""

import glob
import os
import re

import pytest
import transcript

from conftest import ROOT

FENCE = re.compile(r"(?:<!-- ([a-z]+)(?:: (.*?))? -->\n)?```yaml\n(.*?)```", re.S)
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "NEWS.md", "interpreter/README.md",
             "docs/language.md", "docs/stdlib.md", "docs/record.md", "docs/reliability.md",
             "docs/performance.md", "docs/dcmms-coverage.md"]


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


EXAMPLES = [(mark, words, text) for mark, words, text in FENCE.findall(read("docs/language.md"))]
RUNBOOKS = [example for example in EXAMPLES if example[0] != "answers"]
# What others call, by the name that they call it by.
FILES = {words: text for mark, words, text in EXAMPLES if mark == "file"}


def name_of(example):
    return re.search(r"^runbook: (\S+)", example[2], re.M).group(1)


def test_there_are_examples_to_check():
    assert len(RUNBOOKS) >= 9
    assert {"run", "answered", ""} <= {mark for mark, _, _ in RUNBOOKS}


@pytest.mark.parametrize("example", RUNBOOKS, ids=name_of)
def test_an_example_of_the_reference(runbook, example):
    mark, words, text = example
    for name, called in FILES.items():
        runbook.write(name, called)
    path = runbook.write("example.yaml", text)
    checked = runbook("check", path)
    assert checked.code == 0, checked
    if mark in ("", "file"):
        return
    code = int(words) if mark == "exit" else 0
    words = words.split(" ") if words and mark != "exit" else []
    if mark == "answered":
        [answers] = [text for mark, _, text in EXAMPLES if mark == "answers"]
        words += ["--answers", runbook.write("answers.yaml", answers)]
    done = runbook("exec", path, *words)
    assert done.code == code, done
    for command in ("verify", "replay"):
        shown = runbook(command, "last")
        assert shown.code == 0, shown


@pytest.mark.parametrize("command", ["exec", "resume"])
def test_the_reference_lists_the_exit_codes(runbook, command):
    listed = set(re.findall(r"^\| (\d+) \|", read("docs/language.md"), re.M))
    said = re.findall(r"^  (\d+) ", runbook(command, "--help").out, re.M)
    assert set(said) == listed - {"9"}, "that one is of verify and replay"


def test_the_reference_names_every_command(runbook):
    commands = re.findall(r"^  ([a-z]+) +\S", runbook("--help").out, re.M)
    assert len(commands) >= 13
    for command in commands:
        assert re.search(rf"`{command}\b", read("docs/language.md")), command


def anchors(text):
    for heading in re.findall(r"^#+ (.+)$", text, re.M):
        yield re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_lead_somewhere(path):
    text = read(path)
    folder = os.path.dirname(os.path.join(ROOT, path))
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        there = os.path.normpath(os.path.join(folder, file)) if file else os.path.join(ROOT, path)
        assert os.path.exists(there), f"{path}: {target}"
        if anchor:
            assert anchor in list(anchors(read(os.path.relpath(there, ROOT)))), f"{path}: {target}"


def test_attacks_and_faults_have_their_tests():
    text = read("docs/reliability.md")
    rows = re.findall(r"^\| [AF]\d\d.*?\| `(\w+\.(?:py|c))` `(\w+)` \|", text, re.M)
    crashed = re.findall(r"^\| (F\d\d) \|.*?\| \[tests/crash\]\(\S+\) `(\w+)` \|", text, re.M)
    assert len(rows) + len(crashed) == len(re.findall(r"^\| [AF]\d\d", text, re.M)) > 40
    for number, kind in crashed:
        assert re.search(rf"^\| {kind} \([^)]*{number}", text, re.M), (number, kind)
    for file, test in rows:
        if file.endswith(".c"):
            [path] = glob.glob(f"tests/unit/*/{file}", root_dir=ROOT)
            assert f"\nstatic void {test}(" in read(path) and read(path).count(test) > 1, (file, test)
            continue
        assert f"\ndef {test}(" in read("tests/program/" + file), (file, test)
    named = {test for _, test in rows}
    files = sorted(glob.glob("test_*.py", root_dir=os.path.join(ROOT, "tests/program")))
    for file in filter(re.compile("test_(attacks|faults)").match, files):
        there = set(re.findall(r"^def (test_\w+)", read("tests/program/" + file), re.M))
        assert there <= named, (file, there - named)


@pytest.mark.parametrize("path", ["README.md", "docs/record.md"])
def test_transcripts_are_real(binary, tmp_path, path):
    blocks = [block for _, block, _ in transcript.BLOCK.findall(read(path))]
    assert blocks
    for block in blocks:
        said = transcript.replay(binary, block, str(tmp_path))
        assert transcript.timeless(said) == transcript.timeless(block)
