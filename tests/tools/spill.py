#!/usr/bin/python3
"""Prints what it was given in secret, in whatever way programs write a text, in pieces of any size.

    spill.py SEED TIMES      each variable S0, S1... TIMES times, to standard output or error

Each print stands in a line of its own, between `@` and the number of its variable, and `@`. The encoders are Python's
and bash's own, so that they agree with the redactor only where both are right."""

import base64
import json
import os
import random
import shlex
import subprocess
import sys
import time
import urllib.parse


def noise(rng, most):
    return bytes(rng.randrange(256) for _ in range(rng.randrange(most + 1)))


def in_lines(text, width, end):
    return end.join(text[at:at + width] for at in range(0, len(text), width))


def escaped(text, signs):
    for sign in signs:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


# Each gives bytes for a text; `rng` chooses where there is a choice.
ENCODERS = {
    "plain": lambda rng, v: v.encode(),
    "a line": lambda rng, v: max(v.split("\n"), key=len).encode(),
    "base64": lambda rng, v: base64.b64encode(noise(rng, 5) + v.encode() + noise(rng, 5)),
    "base64 url": lambda rng, v: base64.urlsafe_b64encode(noise(rng, 5) + v.encode() + noise(rng, 5)),
    "base64 alone": lambda rng, v: base64.b64encode(v.encode()),
    "base64 in lines": lambda rng, v: in_lines(base64.b64encode(noise(rng, 90) + v.encode() + noise(rng, 90)),
                                               rng.choice((60, 64, 76)), rng.choice((b"\n", b"\r\n"))),
    "hex": lambda rng, v: v.encode().hex().encode(),
    "HEX": lambda rng, v: v.encode().hex().upper().encode(),
    "hex in lines": lambda rng, v: in_lines((noise(rng, 40) + v.encode()).hex().encode(), 60, b"\n"),
    "json": lambda rng, v: json.dumps(v).encode(),
    "json utf-8": lambda rng, v: json.dumps(v, ensure_ascii=False).encode(),
    "json go": lambda rng, v: escaped(json.dumps(v, ensure_ascii=False), "<>&").encode(),
    "json php utf-8": lambda rng, v: json.dumps(v, ensure_ascii=False).replace("/", "\\/").encode(),
    "json jinja": lambda rng, v: escaped(json.dumps(v), "<>&'").encode(),
    "json php": lambda rng, v: json.dumps(v).replace("/", "\\/").encode(),
    "url path": lambda rng, v: urllib.parse.quote(v).encode(),
    "url": lambda rng, v: urllib.parse.quote(v, safe="").encode(),
    "url component": lambda rng, v: urllib.parse.quote(v, safe="!'()*").encode(),
    "form": lambda rng, v: urllib.parse.quote_plus(v).encode(),
    "every byte": lambda rng, v: "".join(f"%{byte:02x}" for byte in v.encode()).encode(),
    "EVERY BYTE": lambda rng, v: "".join(f"%{byte:02X}" for byte in v.encode()).encode(),
    "shlex": lambda rng, v: shlex.quote(v).encode(),
    "xtrace": lambda rng, v: ("'" + v.replace("'", "'\\''") + "'").encode(),
    "double quotes": lambda rng, v: "".join("\\" + c if c in '"\\$`' else c for c in v).encode(),
}


def by_bash(names):
    """What bash writes for these variables, by %q and by ${x@Q}."""
    script = 'for name; do printf "%q\\0%s\\0" "${!name}" "${!name@Q}"; done'
    said = subprocess.run(["bash", "-c", script, "bash", *names], stdout=subprocess.PIPE, check=True).stdout
    texts = said.split(b"\0")
    return {name: texts[2 * i:2 * i + 2] for i, name in enumerate(names)}


def spelled(rng, value, quoted=()):
    """In one way, and its name."""
    ways = [*ENCODERS, *range(len(quoted))]
    way = rng.choice(ways)
    return quoted[way] if isinstance(way, int) else ENCODERS[way](rng, value)


def frame(number, text):
    return b"@%d " % number + text + b" @\n"


def in_pieces(rng, data):
    most = rng.choice((1, 7, 64, 5000))
    while data:
        size = rng.randint(1, most)
        yield data[:size]
        data = data[size:]


def main(seed, times):
    rng = random.Random(seed)
    names = sorted((name for name in os.environ if name[0] == "S" and name[1:].isdigit()), key=lambda n: int(n[1:]))
    quoted = by_bash(names)
    prints = [name for name in names for _ in range(times)]
    rng.shuffle(prints)
    for name in prints:
        data = frame(int(name[1:]), spelled(rng, os.environ[name], quoted[name]))
        to = rng.choice((1, 2))
        for piece in in_pieces(rng, data):
            os.write(to, piece)
        if rng.randrange(50) == 0:
            time.sleep(0.01)        # so that what is live is seen, too


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
