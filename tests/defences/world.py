"""What holds against those that a step talks to: A15, A16, A18, A55 to A64, F38 to F45."""

from defences import Defence

DEFENCES = [
]
