"""What shows that a record was touched: A33, A34, A37 to A40, A42; and A46, what a message makes of a value."""

from defences import Defence

DEFENCES = [
    Defence("A33", "a hash over each line", "interpreter/journal/link.c",
            "if (memcmp(stored, right, RB_DIGEST_HEX) != 0)\n        return RB_LINK_BROKEN;",
            "memcpy(right, stored, RB_DIGEST_HEX);",
            "test_record.py::test_a33_any_flipped_byte_is_found_and_its_place_named"),
    Defence("A34", "an end that a record has to have", "interpreter/journal/verify.c",
            "v->finished = end == RB_READ_END && pass.last == RB_EV_RUN_FINISHED;", "v->finished = end != RB_READ_BAD;",
            "test_record.py::test_a34_a_cut_tail_is_open_never_sound"),
    Defence("A37", "a look for the folder of each run in the chain", "interpreter/journal/chain_verify.c",
            "    if (fstatat(store->runs, entry->run, &st, AT_SYMLINK_NOFOLLOW) != 0)\n",
            "    if (fstatat(store->runs, entry->run, &st, AT_SYMLINK_NOFOLLOW) != 0)\n        return true;\n    if (false)\n",
            "test_record.py::test_a37_a_missing_run_is_seen_in_the_chain_of_runs"),
    Defence("A39", "a look at what each output that is named has become", "interpreter/journal/evidence.c",
            "if (rb_blob_verify(evidence->run->dir, hex, bytes, &err)) {",
            "if (rb_blob_verify(evidence->run->dir, hex, bytes, &err) || true) {",
            "test_record.py::test_a39_a_changed_output_is_found"),
    Defence("A40", "one way to write a line", "interpreter/journal/line.c",
            "again.length != length ||\n        memcmp(again.data, cursor->at, length) != 0)", "false)",
            "test_record.py::test_a40_what_is_written_another_way_is_found_also_with_right_hashes"),
    Defence("A42", "a word about a signature that is gone", "interpreter/cli/approvals.c",
            "    audit->unproven += gone;\n", "    if (gone)\n        return false;\n",
            "test_attacks_approve.py::test_a42_a_signature_that_is_taken_away_or_hidden"),
    Defence("A46", "an escape of Slack's markup", "interpreter/core/request_notify.c",
            'join(message, "text", escape_slack, &text, err)', 'join(message, "text", as_it_is, &text, err)',
            "test_notify.py::test_a46_a_value_is_no_markup_of_slack"),
]
