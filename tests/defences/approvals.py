"""What keeps a decision that of the person who made it: A19 to A30, A36, F03, F33 to F37, F47 to F49."""

from defences import Defence

DEFENCES = [
]
