#!/usr/bin/python3
"""fuzz.py MINUTES [TARGET...]: every target (or those named) for its part of so many minutes, two
side by side, from the inputs that its unit test runs. What it learns is kept in
build-fuzz/corpus. An input that breaks a target is a finding: it is named with the way to see it
again, and the exit is 1."""

import json
import os
import re
import subprocess
import sys
import time

BUILD = "build-fuzz"
SIDE_BY_SIDE = 2
LEAST_SECONDS = 10

# What only the clock ends is no finding where Lua runs: its worker is killed then.
OPTIONS = {"lua": ["-fork=1", "-ignore_timeouts=1", "-timeout=5"]}
# Far beyond what any input takes, because the clock goes on while a busy machine does something else.
USUAL = ["-timeout=60", "-rss_limit_mb=2048"]


class Fuzzer:
    """One target at work."""

    def __init__(self, name, program, inputs, seconds):
        self.name = name
        self.program = os.path.relpath(program)
        self.findings_at = os.path.join(BUILD, "findings", name) + os.sep
        corpus = os.path.join(BUILD, "corpus", name)
        self.log = os.path.join(BUILD, "fuzz-logs", name)
        for folder in (corpus, self.findings_at, os.path.dirname(self.log)):
            os.makedirs(folder, exist_ok=True)
        self.before = set(os.listdir(self.findings_at))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [self.program, f"-max_total_time={seconds}", *OPTIONS.get(name, USUAL),
                 f"-artifact_prefix={self.findings_at}", corpus, *inputs],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.status = None
        self.cpu_seconds = 0

    def ended(self):
        """An hour of a busy machine is not an hour of fuzzing: what it had of the processor counts."""
        if self.status is None:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.status = self.process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_seconds = usage.ru_utime + usage.ru_stime
        return self.status is not None

    def figures(self):
        """Of the last line that libFuzzer wrote about its progress; the dictionary that it ends with
        may be long."""
        found = {}
        with open(self.log, "rb") as log:
            log.seek(max(0, os.path.getsize(self.log) - (1 << 20)))
            for line in log.read().decode(errors="replace").split("\n"):
                match = re.match(r"#(\d+):?\s.*\bcov: (\d+).*\bcorp: (\d+)", line)
                if match:
                    found = dict(zip(("runs", "coverage", "corpus"), map(int, match.groups())))
        return found

    def findings(self):
        names = sorted(set(os.listdir(self.findings_at)) - self.before)
        # slow-unit-* is only a remark; what times out where that is no finding is kept all the same
        quiet = ("slow-unit-",) + (("timeout-",) if self.name in OPTIONS else ())
        return [self.findings_at + name for name in names if not name.startswith(quiet)]

    def told(self):
        figures = self.figures()
        return (f"{figures.get('runs', 0)} runs, corpus {figures.get('corpus', 0)}, "
                f"coverage {figures.get('coverage', 0)}")


def targets():
    """Name, program and inputs, as the unit tests have them."""
    tests = json.loads(subprocess.run(["meson", "introspect", BUILD, "--tests"], check=True,
                                      stdout=subprocess.PIPE).stdout)
    return [(test["name"].removeprefix("fuzz_"), test["cmd"][0], test["cmd"][1:])
            for test in tests if test["suite"][0].endswith("fuzz")]


def build():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["meson", "setup", BUILD, "--wrap-mode=nodownload", "-Dfuzz=true"],
                       check=True, stdout=subprocess.DEVNULL, env={**os.environ, "CC": "clang"})
    made = subprocess.run(["ninja", "-C", BUILD, "fuzzers"], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if made.returncode != 0:
        sys.exit(made.stdout)


def report(fuzzer):
    """Says how it ended; whether that was without a finding."""
    findings = fuzzer.findings()
    print(f"fuzz: {fuzzer.name}: {fuzzer.cpu_seconds / 60:.1f} minutes of processor, {fuzzer.told()}, "
          f"findings {len(findings)}", flush=True)
    for path in findings:
        print(f"fuzz: {fuzzer.name}: FINDING {path}\n"
              f"      again: {fuzzer.program} {path}\n"
              f"      keep:  cp {path} tests/fuzz/inputs/{fuzzer.name}/WHAT-IT-IS", flush=True)
    failed = fuzzer.status != 0
    if failed and not findings:
        print(f"fuzz: {fuzzer.name}: ended with {fuzzer.status}, see {fuzzer.log}",
              flush=True)
    return not failed and not findings


def progress(running, began, seconds):
    told = "; ".join(f"{fuzzer.name} {fuzzer.told()}" for fuzzer in running)
    line = f"fuzz: {time.monotonic() - began:.0f} of {seconds:.0f} s: {told}"
    if sys.stdout.isatty():
        print(f"\r\033[K{line[:os.get_terminal_size().columns - 1]}", end="", flush=True)
    else:
        print(line, flush=True)


def work(waiting, seconds, total):
    """Two at a time until none is left; whether nothing was found."""
    running, good = [], True
    began = told = time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < SIDE_BY_SIDE:
                running.append(Fuzzer(*waiting.pop(0), seconds))
            time.sleep(0.5)
            now = time.monotonic()
            if now - told >= (1 if sys.stdout.isatty() else 30):
                told = now
                progress(running, began, total)
            for fuzzer in [one for one in running if one.ended()]:
                if sys.stdout.isatty():
                    print("\r\033[K", end="")
                running.remove(fuzzer)
                good &= report(fuzzer)
    finally:
        for fuzzer in running:
            fuzzer.process.kill()
    return good


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    minutes, wanted = float(sys.argv[1]), sys.argv[2:]
    build()
    known = targets()
    unknown = set(wanted) - {name for name, _, _ in known}
    if unknown:
        sys.exit(f"fuzz: no such target: {', '.join(sorted(unknown))}")
    chosen = [target for target in known if not wanted or target[0] in wanted]
    rounds = -(-len(chosen) // SIDE_BY_SIDE)
    seconds = max(LEAST_SECONDS, int(minutes * 60 / rounds))
    print(f"fuzz: {len(chosen)} targets, {seconds} s each", flush=True)
    return 0 if work(chosen, seconds, rounds * seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
