#!/usr/bin/python3
"""What a start, a step, a check, a plan, a replay and an output cost, each against its floor: a
program that does only what can't be left out. bench.py BINARY [--long | --services]

A figure and its floor are taken in turns within the same minute, because a machine has moods;
what counts is their ratio. The output is Markdown. Nothing here fails for being slow."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import books

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import pg  # noqa: E402


class Sample:
    """One run of a program, as `measure` saw it."""

    def __init__(self, line):
        start, elapsed, cpu, own, others, status = map(int, line.split())
        self.start, self.seconds, self.cpu = start / 1e9, elapsed / 1e9, cpu / 1e6
        self.own_kb, self.others_kb, self.status = own, others, status


class Bench:
    def __init__(self, binary, folder):
        self.binary, self.folder = os.path.abspath(binary), folder
        self.tools = os.path.join(os.path.dirname(self.binary), "tests", "bench")
        self.env = {"PATH": "/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "TERM": "dumb"}
        self.stores = 0
        self.fresh()

    def path(self, name):
        return os.path.join(self.folder, name)

    def tool(self, name):
        return os.path.join(self.tools, name)

    def measure(self, *argv, out="out"):
        with open(self.path(out), "wb") as sink:
            subprocess.run([self.tool("measure"), self.path("measured"), *map(str, argv)],
                           check=True, cwd=self.folder, env=self.env, stdout=sink,
                           stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        with open(self.path("measured")) as f:
            sample = Sample(f.read())
        assert sample.status == 0, f"{argv} ended with {sample.status}"
        return sample

    def runbook(self, *words):
        return self.measure(self.binary, *words)

    def events(self):
        """The journal of the newest run."""
        runs = os.path.join(self.env["RUNBOOK_STORE"], "runs")
        with open(os.path.join(runs, max(os.listdir(runs)), "journal.jsonl")) as f:
            return [json.loads(line) for line in f]

    def fresh(self):
        """A store of its own for the next run. The old one stays to the end: ext4 without a
        journal is slow to make files for half a minute after many were removed."""
        self.stores += 1
        self.env["RUNBOOK_STORE"] = self.path(f"store{self.stores}")

    def checked(self, name, text):
        """A runbook that `check` has nothing to say about."""
        path = self.path(name)
        with open(path, "w") as f:
            f.write(text)
        said = subprocess.run([self.binary, "check", path], env=self.env, cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert said.returncode == 0 and said.stdout == "", said.stdout[:2000]
        return path


def in_turns(rounds, *takers):
    """A B A B: the results of each taker."""
    return list(zip(*[[take() for take in takers] for _ in range(rounds)]))


# The table

def row(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def head():
    row("what", "here", "floor", "ratio", "spread", "peak memory", "budget", "")
    row("---", "--:", "--:", "--:", "---", "--:", "---", "---")


def amount(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.2f} ms"


def memory(kilobytes):
    return f"{kilobytes / 1024:.1f} MiB"


def met(good):
    return "met" if good else "**missed**"


def against(what, here, floor, budget=None, peak=0):
    """Times and their floors, pair by pair."""
    ratios = [a / b for a, b in zip(here, floor)]
    median = statistics.median(ratios)
    row(what, amount(statistics.median(here)), amount(statistics.median(floor)),
        f"{median:.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} runs",
        memory(peak) if peak else "", f"{budget}x" if budget else "",
        met(median <= budget) if budget else "")


# Start

def start(bench):
    path = bench.checked("one.yaml", books.stamp(bench.tool("stamp"), bench.path("stamped")))

    def here():
        if os.path.exists(bench.path("stamped")):
            os.unlink(bench.path("stamped"))
        sample = bench.runbook("exec", path)
        with open(bench.path("stamped")) as f:
            return int(f.read()) / 1e9 - sample.start, sample

    def floor():
        return bench.measure(bench.tool("floor_step"), "sh", 1, bench.path("floor")).seconds

    here()
    samples, floors = in_turns(21, here, floor)
    peak = max(s.own_kb for _, s in samples)
    against("start to the first effect", [s for s, _ in samples], floors, 2, peak)
    against("the whole run of one step", [s.seconds for _, s in samples], floors)


# Steps

def step_seconds(bench, path):
    """Of one step, from the first intent to the end: as many syncs as steps. A gate has none."""
    bench.fresh()
    sample = bench.runbook("exec", path)
    events = bench.events()
    first = {e["type"]: e["mono"] for e in reversed(events)}
    begin = first.get("effect.intent", first["step.began"])
    steps = sum(e["type"] == "step.passed" for e in events)
    return (events[-1]["mono"] - begin) / 1e6 / steps, sample.own_kb


def floor_seconds(bench, count):
    """Of spawn, wait and one fdatasync."""
    count = min(count, 2000)
    sample = bench.measure(bench.tool("floor_step"), "st", count, bench.path("floor"))
    return sample.seconds / count


def steps(bench, counts):
    """Returns the store of the last run of each count, in one file."""
    stores, peaks = {}, {}
    for name, make in (("by `for_each`", books.each), ("in one file", books.steps)):
        for count in counts:
            path = bench.checked(f"{make.__name__}{count}.yaml", make(count))
            rounds = 9 if count < 1000 else 5 if count < 10000 else 1
            before, here, after = in_turns(rounds, lambda: floor_seconds(bench, count),
                                           lambda: step_seconds(bench, path),
                                           lambda: floor_seconds(bench, count))
            peaks[count] = max(kb for _, kb in here)
            against(f"one step of {count:,} {name}", [s for s, _ in here],
                    [(a + b) / 2 for a, b in zip(before, after)], 1.25, peaks[count])
            stores[count] = bench.env["RUNBOOK_STORE"]
        least, most = min(counts), max(counts)
        each = 1024 * (peaks[most] - peaks[least]) / (most - least)
        budget = 300 if make is books.each else None
        row(f"memory of a finished step, {name}", f"{each:.0f} B", "", "",
            f"{least:,} to {most:,} steps", "", f"{budget} B" if budget else "",
            met(each <= budget) if budget else "the plan with it")
    return stores


def gates(bench):
    path = bench.checked("gates.yaml", books.gates(1000))
    floors, here = in_turns(3, lambda: floor_seconds(bench, 1000),
                            lambda: step_seconds(bench, path))
    against("one gate of 1,000, one after the other", [s for s, _ in here], floors,
            peak=max(kb for _, kb in here))


# Side by side

WAITED = 5  # seconds
WATCHED = 20


def lateness(events):
    """Of each sample of the guard: so long after its time it is there, in seconds."""
    times = [event["mono"] / 1e6 for event in events
             if event["type"] == "eval.result" and event["d"]["step"] == "watch"]
    return [there - before - books.WATCH_EVERY for before, there in zip(times, times[1:])]


def guard(bench):
    path = bench.checked("watched.yaml", books.watched(1000, WATCHED))
    bench.fresh()
    sample = bench.runbook("exec", path)
    late = lateness(bench.events())
    worst = max(late)
    row("a sample of a guard is there, 1,000 waits open", amount(statistics.median(late)) + " late", "", "",
        f"at most {amount(worst)}, {len(late)} samples",
        memory(sample.own_kb + 5 * sample.others_kb), "50 ms", met(worst <= 0.05))


def side_by_side(bench):
    path = bench.checked("waits.yaml", books.waits(1000, WAITED))
    bench.fresh()
    sample = bench.runbook("exec", path)
    polls = sum(e["type"] == "eval.result" for e in bench.events())
    kilobytes = sample.own_kb + 4 * sample.others_kb        # of the Lua workers
    row("1,000 gates that poll every second at once", amount(sample.cpu / polls) + " of processor a poll",
        "", "", f"{polls:,} polls in {sample.seconds:.1f} s", memory(kilobytes), "64 MiB",
        met(kilobytes < 64 * 1024))
    guard(bench)
    path = bench.checked("branches.yaml", books.branches(100))
    here, floors = in_turns(7, lambda: bench.runbook("exec", path),
                            lambda: bench.measure("/bin/sleep", "1").seconds)
    against("100 branches that sleep for a second", [s.seconds for s in here], floors, 1.1,
            max(s.own_kb + s.others_kb for s in here))


# Services

QUERY = "select count(*) from pg_database where datname = 'postgres'"


def asking(bench, what, book, *floor):
    """Of one check, from the first step to the end, against the whole of a program that asks the same
    by the same library. Before both, one that is not counted."""
    path = bench.checked("asks.yaml", book)
    step_seconds(bench, path)
    here, floors = in_turns(7, lambda: step_seconds(bench, path),
                            lambda: bench.measure(*floor, COUNT).seconds / COUNT)
    against(f"one {what} check of {COUNT:,}", [s for s, _ in here], floors, 1.5,
            max(kb for _, kb in here))


COUNT = 1000


def services(bench):
    with subprocess.Popen([bench.tool("answer")], stdout=subprocess.PIPE, text=True) as service:
        url = f"http://127.0.0.1:{service.stdout.readline().strip()}"
        asking(bench, "HTTP", books.asks(COUNT, f'type: http, url: "{url}"',
                                         'http.get("/", {connection = "peer"}).status == 200'),
               bench.tool("floor_http"), url)
        service.kill()
    with pg.Cluster() as base:
        with open(base.env["PGPASSFILE"]) as f:
            password = f.read().strip().rsplit(":", 1)[1]
        where = {"host": "127.0.0.1", "port": base.port, "dbname": "postgres", "user": "postgres",
                 "password": password}
        asking(bench, "SQL", books.asks(COUNT, ", ".join(
            ["type: postgres", *(f'{k}: "{v}"' for k, v in where.items())]),
            f'pg.query("peer", "{QUERY}").value == 1'),
            bench.tool("floor_sql"), " ".join(f"{k}={v}" for k, v in where.items()), QUERY)


# Reading

def reading(bench, counts):
    for word, budget in (("check", 1.5), ("plan", None)):
        for count in counts:
            path = bench.checked(f"read{count}.yaml", books.script(count))
            here, floors = in_turns(9, lambda: bench.runbook(word, path),
                                    lambda: bench.measure(bench.tool("floor_check"), path))
            against(f"`{word}` of {count:,} steps", [s.seconds for s in here],
                    [s.seconds for s in floors], budget, max(s.own_kb for s in here))


def replaying(bench, stores):
    for count, store in stores.items():
        bench.env["RUNBOOK_STORE"] = store
        events = len(bench.events())
        taken = [bench.runbook("replay", "last") for _ in range(7)]
        rates = [events / s.seconds for s in taken]
        median = statistics.median(rates)
        row(f"`replay` of {count:,} steps", f"{median:,.0f} events/s", "", "",
            f"{min(rates):,.0f} to {max(rates):,.0f}, {len(rates)} runs",
            memory(max(s.own_kb for s in taken)), "100,000/s" if count >= 10000 else "",
            met(median >= 100000) if count >= 10000 else "")


# Output

def printing(bench, what, make):
    """Since coreutils 9, cat has the kernel copy a file to a file: the second floor reads from a
    pipe, as whoever looks at the bytes must."""
    path = bench.path("printed")
    size, digest = make(path)
    book = bench.checked("prints.yaml", books.prints(path))

    def here():
        bench.fresh()
        sample = bench.runbook("exec", book)
        events = bench.events()
        began = next(e["mono"] for e in events if e["type"] == "effect.intent")
        result = next(e for e in events if e["type"] == "effect.result")
        out = result["d"]["out"]
        assert out["lost"] == 0 and out["bytes"] == size and out["blob"].endswith(digest)
        shutil.rmtree(bench.env["RUNBOOK_STORE"])
        return (result["mono"] - began) / 1e6, sample

    def copy():
        return bench.measure("cat", path, out="copy").seconds

    def pipe():
        return bench.measure("sh", "-c", 'cat "$1" | cat', "sh", path, out="copy").seconds

    copy()
    samples, copies, pipes = in_turns(7, here, copy, pipe)
    seconds = [s for s, _ in samples]
    peak = max(max(s.own_kb, s.others_kb) for _, s in samples)
    against(f"{what}, against `cat` file to file", seconds, copies, 2, peak)
    against(f"{what}, against `cat` from a pipe", seconds, pipes, 2, peak)
    os.unlink(path)


# The whole

def file_system(folder):
    """Of the longest mount point that the folder is under."""
    with open("/proc/mounts") as f:
        mounts = [line.split()[1:3] for line in f]
    under = [m for m in mounts if (folder + "/").startswith(m[0].rstrip("/") + "/")]
    return max(under, key=lambda m: len(m[0]))[1]


def machine(folder):
    with open("/proc/cpuinfo") as f:
        names = [line.split(":")[1].strip() for line in f if line.startswith("model name")]
    return (f"{len(names)} x {names[0] if names else '?'}, Linux {platform.release()}, store on "
            f"{file_system(folder)}; load at the beginning {os.getloadavg()[0]:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("--services", action="store_true", help="only checks that ask services")
    parser.add_argument("--long", action="store_true", help="100,000 steps too")
    given = parser.parse_args()
    began = time.monotonic()
    # Beside the default place of a store, so on such a disk: /tmp may be in memory.
    with tempfile.TemporaryDirectory(prefix="runbook-bench.", dir="/var/tmp") as folder:
        bench = Bench(given.binary, folder)
        print(machine(folder) + "\n")
        head()
        if given.services:
            services(bench)
            return
        start(bench)
        reading(bench, [1000, 10000])
        printing(bench, "200 MB in one block", books.block)
        printing(bench, "5 million lines", books.lines)
        gates(bench)
        side_by_side(bench)
        services(bench)
        counts = [10, 100, 1000, 10000] + ([100000] if given.long else [])
        stores = steps(bench, counts)
        replaying(bench, {c: s for c, s in stores.items() if c >= 1000})
        print(f"\n{time.monotonic() - began:.0f} seconds; "
              f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
