"""Commands, two at a time, with a line for each as it ends; what a failed one printed follows it."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

PROCESSES = 2


def run(commands, **options):
    """How many of `commands`, (name, argv) each, fail; `options` are those of subprocess.run."""
    def ended(command):
        return command[0], subprocess.run(command[1], stdin=subprocess.DEVNULL, text=True,
                                          errors="replace", stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, **options)

    failed = 0
    with ThreadPoolExecutor(PROCESSES) as pool:
        for number, (name, done) in enumerate(pool.map(ended, commands), 1):
            print(f"[{number}/{len(commands)}] {name}", flush=True)
            if done.returncode != 0:
                failed += 1
                print(done.stdout, flush=True)
    return failed
