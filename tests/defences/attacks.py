"""What keeps out what an author, a file or a process tries: A01 to A18, A31, A32, A44, A45, A47 to A54, A65 to A69."""

from defences import Defence

DEFENCES = [
    Defence("A02", "a limit on how deep YAML may nest", "interpreter/parse/yaml.c",
            "MOST_DEPTH = 64", "MOST_DEPTH = 1000000",
            "test_attacks_input.py::test_a01_to_a10_input_that_is_refused"),
]
