"""What keeps out what an author, a file or a process tries: A01 to A18, A31, A32, A38, A44, A45, A47 to A54, A65 to A69."""

from defences import Defence

DEFENCES = [
    Defence("A02", "a limit on how deep YAML may nest", "interpreter/parse/yaml.c",
            "MOST_DEPTH = 64", "MOST_DEPTH = 1000000",
            "test_attacks_input.py::test_a01_to_a10_input_that_is_refused"),
    Defence("A38", "a look that is like another is written as it would have been", "interpreter/journal/like.c",
            "if (!rb_value_equal(again, d))", "if (!whole)",
            "test_polls.py::test_a38_a_look_that_refers_to_what_it_is_not_like_is_found unit:test_like"),
    Defence("A38", "a gate has not looked before it is due", "interpreter/core/decide.c",
            "!rb_look_may_be(rb_state_current(state), input->mono)", "!rb_state_current(state)",
            "test_polls.py::test_a38_a_look_that_refers_to_what_it_is_not_like_is_found"),
]
