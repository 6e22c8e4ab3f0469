"""What holds when a machine, a disk or a process fails: F01 to F35, F50, F51, F53."""

from defences import Defence

DEFENCES = [
]
