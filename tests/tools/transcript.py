#!/usr/bin/python3
"""Transcripts in documents: what stands below `$ command` in a ```console block is what the
command really says.

    transcript.py RUNBOOK FILE...   runs the commands again and puts what they say in their place
"""

import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r"(```console\n)(.*?)(```\n)", re.S)


def commands(block):
    return re.findall(r"^\$ (.*)$", block, re.M)


def says(binary, command, folder):
    """What a command prints, in a shell that knows `runbook` and has a store of its own."""
    bin_folder = os.path.join(folder, "bin")
    os.makedirs(bin_folder, exist_ok=True)
    link = os.path.join(bin_folder, "runbook")
    if not os.path.islink(link):
        os.symlink(os.path.abspath(binary), link)
    env = {**os.environ, "PATH": bin_folder + ":/usr/bin:/bin", "TMPDIR": folder,
           "RUNBOOK_STORE": os.path.join(folder, "store")}
    # The shell's own remarks (a job was killed) go nowhere. What was killed is at work until it is gone.
    done = subprocess.run(["bash", "-c", "exec 3>&2 2>/dev/null; { " + command + "\n} 2>&3; wait"],
                          cwd=ROOT, env=env, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    return done.stdout


def replay(binary, block, folder):
    out = ""
    for command in commands(block):
        said = says(binary, command, folder)
        out += f"$ {command}\n{said}" + ("" if said.endswith("\n") or not said else "\n")
    return out


def timeless(text):
    """Without what differs from run to run."""
    for pattern, name in ((r"r-\d{8}-\d{6}-[a-z0-9]{4}", "RUN"), (r"\d\d:\d\d:\d\dZ", "TIME"),
                          (r"\b\d+(\.\d+)?(ms|s)\b", "SPAN"), (r"\S+@\S+", "WHO")):
        text = re.sub(pattern, name, text)
    return text


def main():
    for path in sys.argv[2:]:
        with open(path) as f:
            text = f.read()
        with tempfile.TemporaryDirectory() as folder:
            text = BLOCK.sub(lambda m: m[1] + replay(sys.argv[1], m[2], folder) + m[3], text)
        with open(path, "w") as f:
            f.write(text)


if __name__ == "__main__":
    main()
