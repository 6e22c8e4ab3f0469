"""Signals and lost terminals, by the numbers of the faults: what works ends, what comes after does not
begin, and the record is whole."""

import os
import signal
import subprocess
import termios

import pytest

from test_attacks_terminal import hang_up, shell  # noqa: F401
from test_crash import THREE, effects_of, go_on, sound, supervisors, wait_for
from test_faults import ALL, trial  # noqa: F401
from test_terminal import Terminal


def slow(trial):
    """The second effect works until the test lets it end."""
    with open(trial.file, "w") as f:
        f.write(THREE.replace("sleep 0.2", f"until test -e {trial.runbook.folder}/go; do sleep 0.05; done"))


def ends_after_its_step(trial, ended):
    """The signal is on record, and the effect under way goes on to its end."""
    runbook = trial.runbook
    received = runbook.await_event("signal.received")
    assert received["name"] == "HUP" and received["level"] == 1
    assert [event["step"] for event in runbook.named("effect.result")] == ["one"]
    runbook.write("go", "")
    assert ended() == 130
    assert effects_of(trial.effects) == ["one", "two"]
    assert runbook.named("effect.result")[-1]["exit"] == 0
    assert runbook.events()[-1]["type"] == "run.suspended"
    go_on(runbook)
    assert effects_of(trial.effects) == ALL
    sound(runbook)


@pytest.mark.parametrize("times", [1, 3])
def test_f29_a_hang_up_ends_the_run_after_its_step(trial, times):      # noqa: F811
    """To all of its session, as a shell that ends does; more of them go no further."""
    slow(trial)
    process = trial.runbook.start(*trial.words, stderr=subprocess.DEVNULL)
    wait_for(lambda: effects_of(trial.effects) == ["one", "two"], 60)
    for n in range(times):
        os.killpg(process.pid, signal.SIGHUP)
        wait_for(lambda: len(trial.runbook.named("signal.received")) == n + 1, 60)
    ends_after_its_step(trial, lambda: process.wait(60))


def test_f29_a_closed_terminal_ends_the_run_after_its_step(trial):     # noqa: F811
    slow(trial)
    person = Terminal(trial.runbook, *trial.words)
    wait_for(lambda: effects_of(trial.effects) == ["one", "two"], 60)
    hang_up(person.child)

    def ended():
        wait_for(lambda: not person.child.isalive(), 60)
        return person.child.exitstatus
    ends_after_its_step(trial, ended)
    person.child.close(force=True)


STOPPED = """runbook: stopped
defaults: {timeout: 10m}
params: {dir: {type: string, pattern: /.*}}
steps:
  - {id: work, run: "until test -e ${{ params.dir }}/go; do sleep 0.05; done"}
  - {id: sure, confirm: Sure?}
"""


def is_stopped(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("at", ["step", "question"])
def test_f30_a_run_that_is_stopped_goes_on(runbook, shell, at):        # noqa: F811
    """Ctrl-Z: the shell gets its terminal as it was; what works goes on, and so does who asks."""
    person = shell(f"exec {runbook.write('stopped.yaml', STOPPED)} -p dir={runbook.folder}")
    runbook.await_event("effect.intent", step="work")
    wait_for(lambda: termios.tcgetattr(person.held) != person.before, 60)
    if at == "question":
        runbook.write("go", "")
        person.sees("y yes")
    person.child.kill(signal.SIGTSTP)
    wait_for(lambda: is_stopped(person.child.pid), 60)
    assert termios.tcgetattr(person.held) == person.before
    runbook.write("go", "")
    person.child.kill(signal.SIGCONT)
    person.sees("y yes")
    assert termios.tcgetattr(person.held) != person.before
    person.child.send("y\r")
    assert person.ends() == (0, None)
    assert {event["w"] for event in runbook.events()} == {1}
    sound(runbook)


def test_f30_a_run_that_was_made_to_quit_is_resumed(trial):            # noqa: F811
    """SIGQUIT is a crash that somebody asked for: the effect goes on, and whoever resumes takes it over."""
    slow(trial)
    # Whoever runs the tests in the background has its children ignore it.
    process = trial.runbook.start(*trial.words, stderr=subprocess.DEVNULL,
                                  preexec_fn=lambda: signal.signal(signal.SIGQUIT, signal.SIG_DFL))
    wait_for(lambda: effects_of(trial.effects) == ["one", "two"], 60)
    process.send_signal(signal.SIGQUIT)
    assert process.wait(60) == -signal.SIGQUIT
    assert trial.runbook("verify", "last").code == 9
    trial.runbook.write("go", "")
    go_on(trial.runbook)
    assert effects_of(trial.effects) == ALL
    sound(trial.runbook)


CALM = "until test -e go; do sleep 0.05; done"
STORM = [signal.SIGCHLD, signal.SIGWINCH, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT, signal.SIGURG]


def test_f31_a_storm_of_signals_changes_nothing(runbook):
    """It begins while a step is under way: a supervisor that had none would end unnoticed, and be replaced."""
    effects = os.path.join(runbook.folder, "effects")
    steps = [f"s{n}" for n in range(40)]
    file = runbook.write("storm.yaml", f"runbook: storm\ndefaults: {{timeout: 1m, cwd: {runbook.folder}}}\nsteps:\n"
                         + "".join(f"  - {{id: {step}, run: 'echo {step} >> effects; {CALM}'}}\n" for step in steps))
    process = runbook.start("exec", file, stderr=subprocess.DEVNULL)
    wait_for(lambda: effects_of(effects) == steps[:1], 60)
    # What it forks bears its name until it is another program, which that of the first step is by now.
    [supervisor] = supervisors(runbook)
    victims = [process.pid, supervisor]
    for n in range(20000):
        if process.poll() is not None:
            break
        for pid in victims:
            try:
                os.kill(pid, STORM[n % len(STORM)])
            except ProcessLookupError:
                pass        # the supervisor ends with its last step
        if n == 1000:
            runbook.write("go", "")
    assert process.wait(60) == 0
    assert n > 1000
    assert effects_of(effects) == steps
    assert {event["w"] for event in runbook.events()} == {1}
    sound(runbook)
