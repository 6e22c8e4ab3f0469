"""Attack A13: values in places where a program reads its source, on the whole program."""

import os

import pytest

TOUCH = "touch canary"
TEXT = """runbook: source
defaults: {timeout: 1m}
params:
  v: {type: string, pattern: '(?s).*'}
  dir: {type: string, pattern: '/.*'}
vars: {fixed: "exit 0"}
steps:
  - id: it
    cwd: "${{ params.dir }}"
"""

# How a step hands the value to a program that runs it, and the value with which it did.
EXECUTED = {
    "shell": ('exec: [sh, -c, "@"]', TOUCH),
    "shell-part": ('exec: [bash, -ec, "echo @"]', f"x; {TOUCH}"),
    "env": ('exec: [env, A=b, sh, -c, "echo @"]', f"x; {TOUCH}"),
    "nice": ('exec: [nice, sh, -c, "echo @"]', f"x; {TOUCH}"),
    "find": ('exec: [find, /, -maxdepth, "0", -exec, sh, -c, "@", ";"]', TOUCH),
    "setpriv": ('exec: [setpriv, --no-new-privs, sh, -c, "@"]', TOUCH),
    "prlimit": ('exec: [prlimit, --nofile=100, sh, -c, "@"]', TOUCH),
    "any": ('exec: [choom, -n, "500", --, bash, -c, "@"]', TOUCH),
    "awk": ('exec: [awk, "BEGIN { x = \\"@\\" }"]', f'"; system("{TOUCH}"); x = "'),
    "python": ('exec: [python3, -c, "print(\'@\')"]', f"'); import os; os.system('{TOUCH}'); ('"),
    "perl": ('exec: [perl, -e, "print(\'@\')"]', f"'); system('{TOUCH}'); ('"),
    "sed": ('exec: [sed, -n, "@", /etc/hostname]', f"1e {TOUCH}"),
    "split": ('exec: [env, "-S@"]', TOUCH),
    "split-next": ('exec: [env, -S, "@"]', TOUCH),
    "git": ('exec: [git, -c, "alias.x=@", x]', f"!{TOUCH}"),
    "tar": ('exec: [tar, -cf, /dev/null, --checkpoint=1, "--checkpoint-action=exec=@", /etc/passwd]', TOUCH),
    "ssh": ('exec: [ssh, -o, "ProxyCommand=@", nowhere.invalid]', TOUCH),
    "busybox": ('exec: [busybox, sh, -c, "@"]', TOUCH),
    "stdin": ('stdin: "@"\n    exec: [sh]', TOUCH),
    "stdin-python": ('stdin: "x = \'@\'"\n    exec: [python3]', f"'; import os; os.system('{TOUCH}'); x = '"),
    "stdin-pipe": ('stdin: "@"\n    pipe: [[cat], [sh]]', TOUCH),
    "pipe": ('pipe: [[printf, "%s", "@"], [tr, x, y], [env, bash, -s]]', TOUCH),
    "stdin-run": ('stdin: "@"\n    run: bash', TOUCH),
    "stdin-source": ('stdin: "@"\n    run: . /dev/stdin', TOUCH),
    "stdin-read": ('stdin: "@"\n    run: x=$(cat); eval "$x"', TOUCH),
    "stdin-inner": ('stdin: "@"\n    exec: [sh, -c, \'eval "$(cat)"\']', TOUCH),
    "env-eval": ('env: {X: "@"}\n    run: eval "$X"', TOUCH),
    "env-shell": ('env: {X: "@"}\n    run: sh -c "$X"', TOUCH),
    "env-exec": ('env: {X: "@"}\n    exec: [sh, -c, \'eval "$X"\']', TOUCH),
    "env-file": ('env: {X: {file: "@\\n"}}\n    run: . "$X"', TOUCH),
    "env-bash": ('env: {BASH_ENV: "@"}\n    run: "true"', f"$({TOUCH})"),
    "env-git": ('env: {GIT_SSH_COMMAND: "@"}\n    exec: [git, ls-remote, "ssh://nowhere.invalid/x"]', TOUCH),
    "env-argument": ('exec: [env, "BASH_ENV=@", bash, -c, "true"]', f"$({TOUCH})"),
    "inner": ("exec: [bash, -c, 'eval \"$1\"', _, \"@\"]", TOUCH),
    "inner-twice": ("exec: [sh, -c, 'sh -c \"$1\"', _, \"@\"]", TOUCH),
    "xargs": ("pipe: [[echo, \"@\"], [xargs, -I, '{}', sh, -c, 'echo {}']]", f"x; {TOUCH}"),
    "flag": ('exec: [sh, -ce, "@"]', TOUCH),
    "flag-first": ('exec: [bash, -c, +x, --, "@"]', TOUCH),
    "node": ('exec: [node, -pe, "@"]', f"require('child_process').execSync('{TOUCH}')"),
    "last": ('stdin: "@"\n    exec: [choom, -n, "500", --, sh]', TOUCH),
    "run-flag": ("run: sh -ce @", TOUCH),
    "run-function": ("run: |\n      f() { sh; }\n      echo @ | f", TOUCH),
    "run-group": ('run: |\n      { x=$(cat); eval "$x"; } <<< @', TOUCH),
    "run-pipe": ('run: echo @ | eval "$(cat)"', TOUCH),
    "run-exec": ("run: |\n      exec <<< @\n      sh", TOUCH),
    "run-file": ("run: |\n      printf '%s\\n' '#!/bin/sh' @ > ./f\n      chmod +x ./f\n      ./f", TOUCH),
    "run-setpriv": ("run: setpriv --no-new-privs sh -c @", TOUCH),
    "run-split": ("run: env -S @", TOUCH),
    "run-variable": ("run: S=sh; $S -c @", TOUCH),
    "run-inner": ("run: bash -c 'eval $1' _ @", TOUCH),
    "run-exported": ("run: export X=@; bash -c 'eval $X'", TOUCH),
    "run-alias": ("run: |\n      shopt -s expand_aliases\n      alias foo=@\n      foo", TOUCH),
    "run-make": ("run: |\n      make -f - <<EOF\n      all:; @\n      EOF", TOUCH),
    "run-git": ("run: git -c alias.x=@ x", f"!{TOUCH}"),
    "run-ssh": ("run: ssh -o ProxyCommand=@ nowhere.invalid", TOUCH),
    "run-tar": ("run: tar -cf /dev/null --checkpoint=1 --checkpoint-action=exec=@ /etc/passwd", TOUCH),
    "run-ed": ("run: ed -s <<< @", f"!{TOUCH}"),
    "run-gdb": ("run: gdb -batch -ex @", f"shell {TOUCH}"),
    "run-tmux": ("run: tmux new -d @", TOUCH),
}

# The same programs with a value that they take as a value.
FINE = {
    "python": "exec: [python3, -c, 'import sys; print(sys.argv)', --, \"@\"]",
    "shell": "exec: [sh, -c, 'echo \"$1\"', _, \"@\"]",
    "awk": "exec: [awk, -v, \"x=@\", 'BEGIN { print x }']",
    "text": 'exec: [echo, sh, -c, "@"]',
    "stdin": 'stdin: "@"\n    exec: [cat]',
    "stdin-pipe": "stdin: \"@\"\n    pipe: [[cat], [sort]]",
    "stdin-inner": "stdin: \"@\"\n    exec: [sh, -c, 'IFS= read -r x; echo \"$x\"']",
    "stdin-run": 'stdin: "@"\n    run: |\n      bash <<< "true"\n      cat',
    "env-run": 'env: {X: "@"}\n    run: echo "$X"',
    "env-exec": "env: {X: \"@\"}\n    exec: [sh, -c, 'echo \"$X\"']",
    "env-argument": 'exec: [env, "X=@", "true"]',
    "fixed": 'exec: [sh, -c, "${{ vars.fixed }}", _, "@"]',
    "number": 'stdin: "@"\n    exec: [sh, -c, "exit ${{ tonumber(0) }}"]',
}


def step(runbook, text):
    return runbook.write("source.yaml", TEXT + "    " + text.replace("@", "${{ params.v }}") + "\n")


def run(runbook, file, value):
    done = runbook("exec", file, "-p", f"v={value}", "-p", f"dir={runbook.folder}")
    assert not os.path.exists(os.path.join(runbook.folder, "canary")), done
    return done


@pytest.mark.parametrize("text, value", EXECUTED.values(), ids=EXECUTED)
def test_a13_no_program_reads_a_value_as_its_source(runbook, text, value):
    file = step(runbook, text)
    assert run(runbook, file, value).code == 2
    said = runbook("check", file)
    assert said.code == 1 and ("RB0501" in said.err or "RB0503" in said.err), said
    assert not os.path.isdir(os.path.join(runbook.store, "runs"))


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_a13_a_value_behind_a_fixed_program_is_fine(runbook, text):
    file = step(runbook, text)
    assert "error" not in runbook("check", file).err
    assert run(runbook, file, f"x'; $({TOUCH}); `{TOUCH}`; \"").code == 0
