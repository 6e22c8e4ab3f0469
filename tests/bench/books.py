"""The runbooks and the data that bench.py runs."""

import hashlib

HEAD = """runbook: bench
title: A runbook that is generated
owner: bench@example.org
defaults: {timeout: 10m}
"""


def stamp(program, path):
    return f"{HEAD}steps:\n  - id: first\n    exec: [{program}, {path}]\n"


def steps(count):
    """So many that do nothing."""
    return HEAD + "steps:\n" + "".join(
        f"  - id: s{i}\n    exec: [/bin/true]\n" for i in range(count))


def each(count):
    """The same, by a loop."""
    return HEAD + f"""steps:
  - id: s
    for_each: "${{{{ (function() local t = {{}} for i = 1, {count} do t[i] = i end return t end)() }}}}"
    as: element
    exec: [/bin/true]
"""


def gates(count):
    """So many that hold when they are looked at for the first time."""
    return HEAD + "steps:\n" + "".join(
        f'  - id: g{i}\n    gate: sh.exec{{"/bin/true"}}.ok\n' for i in range(count))


def waits(count, seconds):
    """So many gates at once that look every second until so many have gone by."""
    return HEAD + "steps:\n  - id: all\n    parallel:\n" + "".join(
        f"      - {{id: g{i}, gate: {{check: time.since(run.started) >= {seconds}, every: 1s}}}}\n"
        for i in range(count))


WATCH_EVERY = 0.5  # seconds


def watched(count, seconds):
    """A guard that samples at that beside so many gates that wait for so long."""
    return HEAD + f"""guards:
  - {{id: watch, check: "run.id ~= ''", every: {WATCH_EVERY * 1000:.0f}ms}}
steps:
  - id: all
    parallel:
""" + "".join(
        f"      - {{id: g{i}, gate: {{check: time.since(run.started) >= {seconds}, every: {seconds}s}}}}\n"
        for i in range(count))


def branches(count):
    """So many that sleep for a second."""
    return HEAD + "steps:\n  - id: all\n    parallel:\n" + "".join(
        f"      - {{id: s{i}, exec: [sleep, '1']}}\n" for i in range(count))


def asks(count, connection, check):
    """So many gates that ask a service, and hold."""
    return HEAD + f"connections:\n  peer: {{{connection}}}\nsteps:\n" + "".join(
        f"  - id: g{i}\n    gate: {check}\n" for i in range(count))


def script(count):
    """Steps with what authors write: a title, a script with a value, environment, a check."""
    return HEAD + """params:
  who: {type: string, default: world}
vars: {place: here}
steps:
""" + "".join(f"""  - id: s{i}
    title: Step {i} of many
    run: |
      echo "step {i} for ${{{{ params.who }}}}"
      test -d /tmp
    env: {{PLACE: "${{{{ vars.place }}}}"}}
    check: result.stdout ~= ""
""" for i in range(count))


def prints(path):
    return f"{HEAD}steps:\n  - id: prints\n    exec: [cat, {path}]\n"


def save(path, pieces):
    """Size and digest of what was written."""
    size, digest = 0, hashlib.sha256()
    with open(path, "wb") as f:
        for piece in pieces:
            f.write(piece)
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def block(path):
    piece = bytes(range(256)) * 4096
    return save(path, [piece] * 200)


def lines(path):
    return save(path, ("".join(f"line {i} of the output\n" for i in range(at, at + 10000)).encode()
                       for at in range(0, 5000000, 10000)))
