"""What holds against those that a step talks to: A15, A16, A18, A55 to A64, F38 to F45."""

from defences import Defence

HTTP = "test_http.py::test_"
WEB = "test_faults_web.py::test_"
TLS = "test_tls.py::test_"
SQL = "test_sql.py::test_"
FAILOVER = "test_sql_failover.py::test_"
NOTIFY = "test_notify.py::test_"
SECRETS = "test_secrets.py::test_"
FILES = "test_secret_files.py::test_"
SETUP = "interpreter/effects/http_setup.c"
TRANSFER = "interpreter/effects/http_transfer.c"
ORIGIN = "interpreter/plan/origin.c"
OUTCOME = "interpreter/effects/http_outcome.c"
REQUEST = "interpreter/effects/sql_request.c"
FAILURE = "interpreter/effects/sql_failure.c"
SETTLE = "interpreter/effects/sql_settle.c"
SPELLING = "interpreter/base/spelling.c"
VAULT = "interpreter/effects/vault.c"

# What puts values into the text of a statement, in quotes.
INTO_THE_TEXT = """const struct rb_value *values = rb_value_get(statement, "params");
    RB_AUTO_BUF struct rb_buf whole = {0};
    for (const char *at = rb_buf_text(&text); *at; at++) {
        if (*at == '$' && at[1] >= '1' && at[1] <= '9')
            rb_buf_printf(&whole, "'%s'", rb_value_as_text(rb_value_at(values, (size_t)(*++at - '1')), ""));
        else
            rb_buf_putc(&whole, *at);
    }
    rb_sql_session_query(task->session, rb_buf_text(&whole), NULL);
"""
# What hands on all of the environment.
INHERITED = """for (char **entry = environ; *entry; entry++) {
        RB_AUTO_FREE char *name = rb_strndup(*entry, strcspn(*entry, "="));
        let_through(&map, name);
    }
    (void)plan;
    (void)always;
"""
# What would tell whether a secret is another by now.
DIGESTED = """{
        const char *name = rb_value_get_text(plan->secrets[i].source, "env", NULL);
        const char *value = name ? getenv(name) : NULL;
        char hex[RB_DIGEST_HEX + 1] = "";
        if (value)
            rb_digest_of(value, strlen(value), hex);
        RB_AUTO_VALUE const struct rb_value *own = rb_value_map("sha256", rb_value_text(hex), NULL);
        rb_map_add(&map, plan->secrets[i].name, rb_value_merge(plan->secrets[i].source, own));
    }
"""

DEFENCES = [
    Defence("A15", "values beside the statement", "interpreter/effects/sql_phase.c",
            "rb_sql_session_query(task->session, rb_buf_text(&text),\n"
            '                         rb_value_get(statement, "params"));\n', INTO_THE_TEXT,
            SQL + "a15_what_was_captured_is_a_parameter_and_never_text"),
    Defence("A15", "a second quote for one in a name", "interpreter/plan/sql_name.c",
            "        rb_buf_puts(out, text[i] == '\"' ? \"\\\"\" : \"\");\n", "",
            SQL + "a15_a_name_is_quoted_whatever_is_in_it[quotes]"),
    Defence("A15", "a look whether a name is empty", "interpreter/plan/sql_name.c",
            "    if (length == 0)\n", "    if (!text)\n", SQL + "a15_what_is_no_name_is_not_sent[empty]"),
    Defence("A15", "a limit on how long a name is", "interpreter/plan/sql_name.c",
            "if (length > NAME_MAX_BYTES)", "if (length > 100 * NAME_MAX_BYTES)",
            SQL + "a15_what_is_no_name_is_not_sent[long]"),
    Defence("A15", "a look where a name stands", "interpreter/plan/sql_name.c",
            "    if (!ends_plain(before))\n",
            "    if (err || after)\n        return true;\n    if (!ends_plain(before))\n",
            SQL + "a15_a_name_in_quotes_is_refused_to_a_check"),
    Defence("A16", "a list of what is inherited", "interpreter/cli/operator.c",
            "for (size_t i = 0; i < RB_COUNT(always); i++)\n        let_through(&map, always[i]);\n"
            "    for (const char *const *name = plan->inherit; name && *name; name++)\n"
            "        let_through(&map, *name);\n", INHERITED,
            "test_attacks.py::test_a16_the_environment_is_what_the_runbook_says"),
    Defence("A18", "a look for line breaks in the value of a header", "interpreter/core/request_http.c",
            "if (text[strcspn(text, \"\\r\\n\")] == '\\0')", "if (*text)",
            HTTP + "a18_a_line_break_in_a_header_or_url_sends_nothing "
            + HTTP + "a18_who_would_send_a_line_break_fails[header]"),
    Defence("A18", "a look for what is no host", "interpreter/core/url.c",
            "if (length == 0 || !all_among(text, length, of_authority))", "if (length == 0)",
            HTTP + "a18_who_would_send_a_line_break_fails[host]"),
    Defence("A18", "an encoding of values in a path", "interpreter/core/url.c",
            "        rb_url_encode(text, length, out);\n        return true;\n",
            "        rb_buf_append(out, text, length);\n        return true;\n",
            HTTP + "a18_a_line_break_in_a_header_or_url_sends_nothing"),
    Defence("A18", "a last look for line breaks in a request", "interpreter/plan/http.c",
            "if ((byte < 0x20 && byte != '\\t') || byte == 0x7f)", "if (byte == 0)", "unit:test_http"),
    Defence("A18", "a look for line breaks in a subject", "interpreter/core/request_notify.c",
            "return is_line(rb_buf_text(out)) ||", "return is_line(\"\") ||",
            NOTIFY + "a18_a_value_makes_no_second_header_of_a_mail"),
    Defence("A18", "a look for what is no address", "interpreter/core/request_notify.c",
            'if (rb_mail_is_address(rb_value_as_text(text, ""))) {', "if (text) {",
            NOTIFY + "a18_a_value_makes_no_second_recipient"),
    Defence("A55", "a limit on the steps of a match", "interpreter/base/pattern.c",
            "    pcre2_set_match_limit(pattern->limits, steps_for(pattern->code));\n", "",
            "test_attacks.py::test_a55_a_pattern_without_end_is_given_up[counted]"),
    Defence("A55", "unknown for a match that was given up", "interpreter/lua/lib_re.c",
            "return rb_sandbox_rule(L, RB_RULING_UNKNOWN);", "return lua_error(L);",
            "test_attacks.py::test_a55_a_pattern_without_end_is_given_up[alternatives]"),
    Defence("A55", "unknown for a match that was given up, whoever catches errors", "interpreter/lua/lib_re.c",
            "    rb_sandbox_of(L)->gave_up = true;\n", "",
            "test_attacks.py::test_a48_a51_a55_a_limit_that_is_caught_opens_no_gate[pattern]"),
    Defence("A55", "a limit on how long a pattern is", "interpreter/base/pattern.c",
            "if (length > RB_PATTERN_LONGEST) {", "if (length > 100 * RB_PATTERN_LONGEST) {",
            "test_attacks.py::test_a55_a_pattern_that_is_none_says_so[long]"),
    Defence("A55", "a refusal of single bytes", "interpreter/base/pattern.c",
            " | PCRE2_NEVER_BACKSLASH_C;", ";", "test_attacks.py::test_a55_a_pattern_that_is_none_says_so[byte]"),
    Defence("A56", "an origin to which headers belong", SETUP,
            "    if (!exchange->is_foreign)\n        set_own", "    set_own",
            HTTP + "a56_credentials_do_not_follow_to_another_origin"),
    Defence("A56", "the scheme as a part of the origin", ORIGIN,
            "return strcmp(a->scheme, b->scheme) == 0 && ", "return ",
            TLS + "a56_another_scheme_alone_is_another_origin[https-http] "
            + TLS + "a56_another_scheme_alone_is_another_origin[http-https]"),
    Defence("A56", "a connection that stays with its origin", ORIGIN,
            "return rb_origin_same(&to, &there) ||", "return there.port > 0 ||",
            HTTP + "a56_the_credentials_of_a_connection_stay_with_its_origin"),
    Defence("A57", "a look at the scheme of a redirect", ORIGIN,
            "if (!rb_text_same_name(word, schemes[i]))", "if (!*word)",
            HTTP + "a57_a_redirect_leads_nowhere_but_to_http_of_others[gopher://127.0.0.1:70/]"),
    Defence("A57", "a look at the address of the socket", TRANSFER,
            "if (!may_lead_to(exchange, rb_address_place(&address->addr))) {",
            "if (!may_lead_to(exchange, RB_ADDRESS_ELSEWHERE)) {",
            HTTP + "a57_a_redirect_leads_nowhere_but_to_http_of_others[http://169.254.169.254/latest] "
            + WEB + "a57_a_redirect_from_elsewhere_leads_to_nothing_of_this_machine"),
    Defence("A58", "a limit on how large an answer is", TRANSFER,
            "if (exchange->received > max)", "if (exchange->received < 0)",
            HTTP + "a58_an_answer_without_an_end_is_cut[/endless-too_large]"),
    Defence("A58", "a look what an answer is packed in", TRANSFER,
            'if (!rb_text_same_name(header->value, "identity"))', 'if (!header->value)',
            HTTP + "a58_what_is_packed_is_not_unpacked"),
    Defence("A58", "a least rate", TRANSFER, "    watch_speed(exchange);\n", "",
            HTTP + "a58_a_byte_a_second_is_too_slow"),
    Defence("A59", "trust that has to be said no to", SETUP,
            'bool verify = rb_value_get_bool(tls, "verify", true);',
            'bool verify = rb_value_get_bool(tls, "verify", false);',
            TLS + "a59_a_certificate_that_is_no_good_is_refused_before_anything_is_sent[expired] "
            + TLS + "a59_a_certificate_that_is_no_good_is_refused_before_anything_is_sent[alone]"),
    Defence("A59", "a look at the name in a certificate", SETUP,
            "set_long(setup, CURLOPT_SSL_VERIFYHOST, verify ? 2 : 0);", "set_long(setup, CURLOPT_SSL_VERIFYHOST, 0);",
            TLS + "a59_a_certificate_that_is_no_good_is_refused_before_anything_is_sent[other]"),
    Defence("A59", "a word at the beginning on who takes any certificate", "interpreter/render/words_run.c",
            "if (rb_words_unverified(&text, telling->state->plan))", "if (!telling->state->plan)",
            TLS + "a59_that_nobody_looks_at_a_certificate_is_said_and_recorded"),
    Defence("A59", "a word on it in the plan", "interpreter/cli/plan_text.c",
            "if (rb_words_unverified(out, plan))", "if (!plan)",
            TLS + "a59_who_approves_is_shown_that_nobody_looks_at_a_certificate"),
    Defence("A59", "a record of it", "interpreter/effects/curl_tls.c",
            '"verify",\n                        rb_value_bool(verify), NULL);', "NULL);\n    (void)verify;",
            TLS + "a59_that_nobody_looks_at_a_certificate_is_said_and_recorded"),
    Defence("A59", "that `off` is not false", "interpreter/parse/scalar.c",
            'if ((yes || strcmp(node->text, "false") == 0) && !is_quoted(node)) {',
            "if ((yes || in(node->text, no_words)) && !is_quoted(node)) {",
            TLS + "a59_off_is_no_way_to_say_it_by_accident"),
    Defence("A60", "a look for a pool of transactions", "interpreter/cli/probe_postgres.c",
            "return rb_value_equal(first, rb_value_at(pids, 1)) ||\n"
            "           !rb_value_equal(first, rb_value_at(pids, 2));", "return !first;",
            "test_doctor.py::test_a60_a_pool_of_transactions_is_found_out"),
    Defence("A60", "that look before a run", "interpreter/cli/pools.c", "if (!any_held(document->plan))",
            "if (!any_held(document->plan) || params)",
            SQL + "a60_a_run_that_needs_a_session_is_not_begun_over_a_pool_of_transactions"),
    Defence("A60", "that a transaction without COMMIT did nothing", FAILURE,
            "task->is_transaction || task->is_read_only || task->phase", "task->is_read_only || task->phase",
            SQL + "a60_a_session_that_is_ended_in_a_transaction_did_nothing"),
    Defence("A60", "a doubt about a statement of its own", FAILURE,
            'return nothing ? "no" : otherwise;', 'return nothing || *otherwise ? "no" : otherwise;',
            SQL + "a60_a_session_that_is_ended_among_statements_of_their_own_is_asked_about"),
    Defence("A60", "another session for one that ended at rest", "interpreter/effects/sql_connect.c",
            "    session->refreshing = session->state == RB_SQL_READY;\n    if (session->refreshing)\n",
            "    if (session->state == RB_SQL_READY)\n",
            SQL + "a60_a_session_that_is_ended_at_rest_is_opened_anew"),
    Defence("A61", "a memory of what came before a piece", "interpreter/base/redact.c",
            "    put_decided(redactor, stream, &window, safe, out);\n    hold",
            "    safe = window.length;\n    put_decided(redactor, stream, &window, safe, out);\n    hold",
            SECRETS + "a61_a63_a_secret_is_nowhere_however_it_is_printed[0-plain]"),
    Defence("A61", "base64 behind other bytes", SPELLING,
            "for (size_t before = 0; before < 3; before++) {", "for (size_t before = 0; before < 1; before++) {",
            SECRETS + "a61_a63_a_secret_is_nowhere_however_it_is_printed[3-json]"),
    Defence("A61", "secrets that share bytes", "interpreter/base/redact.c",
            "if (!last || next.start >= last->end) {", "if (!last || next.start > last->start) {",
            SECRETS + "a61_secrets_that_overlap_leave_nothing_of_each_other"),
    Defence("A61", "what a shell makes of a word", SPELLING,
            "    shell_word(w, true);\n    shell_word(w, false);\n", "",
            "test_secrets_spelled.py::test_a61_ten_thousand_prints_leave_nothing"),
    Defence("A61", "that look at what a service answers", TRANSFER,
            "    rb_output_redact(&exchange->out, exchange->place->redactor);\n", "",
            "test_secrets_services.py::test_a61_a_service_and_a_database_get_a_secret_and_nobody_else "
            "test_secrets_spelled.py::test_a61_what_a_service_says_again_leaves_nothing"),
    Defence("A61", "seals on a file in memory", "interpreter/effects/sealed.c",
            "F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE", "0",
            FILES + "what_stands_in_a_file_can_not_be_changed"),
    Defence("A61", "a mode that lets its owner alone read it", "interpreter/effects/sealed.c",
            "return fchmod(fd, S_IRUSR) == 0 && fcntl", "return fcntl",
            FILES + "what_stands_in_a_file_can_not_be_changed"),
    Defence("A61", "a line end behind a key", "interpreter/effects/sealed.c",
            'return last == \'\\n\' || rb_file_write_all(fd, "\\n", 1, NULL);', "return fd >= 0 && last;",
            FILES + "a_private_key_in_memory_is_one"),
    Defence("A61", "secrets that a resumed run knows from the beginning", "interpreter/effects/errands.c",
            "    if (recall)\n        rb_vault_recall",
            "    if (recall && errands->count > 1)\n        rb_vault_recall",
            SECRETS + "a_resumed_run_knows_the_secrets_of_the_steps_before"),
    Defence("A61", "a look at secrets before they are used", VAULT,
            "    foresee(vault);\n", "    if (!names)\n        foresee(vault);\n",
            "test_looks.py::test_a61_a_secret_that_nothing_has_used_is_found_in_what_is_read"),
    Defence("A62", "that look at what the system says", "interpreter/effects/child.c",
            "rb_redact_text(place->redactor, message, strlen(message), &clean);",
            "rb_redact_text(NULL, message, strlen(message), &clean);\n    (void)place;",
            SECRETS + "a62_what_the_system_says_is_redacted_too"),
    Defence("A62", "a secret that Lua has no text of", "interpreter/lua/secret.c",
            "return luaL_error(\n"
            '        L, "a secret has no text and can\'t be compared: hand it to a program, as "\n'
            '           "in sh.exec{\\"prog\\", env = {NAME = secrets.name}}");',
            'lua_pushstring(L, "");\n    return 1;',
            SECRETS + "a62_a_secret_is_in_no_message"),
    Defence("A62", "a least length", VAULT, "if (is_short && !secret->unmasked)", "if (is_short && length == 0)",
            SECRETS + "a62_a_secret_that_can_not_be_had_fails_its_step[short]"),
    Defence("A62", "a look at who else may read it", VAULT,
            "if ((info.st_mode & S_IROTH) && !vault->lenient)", "if ((info.st_mode & S_IROTH) && fd < 0)",
            SECRETS + "a62_a_secret_that_can_not_be_had_fails_its_step[open]"),
    Defence("A62", "a look at how its command ended", "interpreter/effects/vault_command.c",
            "    else if (status)\n", "    else if (status && number)\n",
            SECRETS + "a62_a_secret_that_can_not_be_had_fails_its_step[failed]"),
    Defence("A62", "that look at what a database says", FAILURE,
            "const struct rb_value *outcome = rb_redact_value(task->place->redactor, all);",
            "const struct rb_value *outcome = rb_value_ref(all);",
            "test_secrets_services.py::test_a62_a_password_is_in_no_error_of_a_connection"),
    Defence("A62", "the part of a URL that its server sees", SPELLING,
            "    behind_host(bytes, length, take, context);\n",
            "    if (!length)\n        behind_host(bytes, length, take, context);\n",
            NOTIFY + "a62_the_url_of_a_webhook_is_a_secret"),
    Defence("A63", "a wiped environment", VAULT, "        explicit_bzero(value, strlen(value));\n", "",
            SECRETS + "a63_neither_helper_nor_environment_shows_a_secret"),
    Defence("A63", "a limit on core files", "interpreter/cli/start.c",
            "    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});\n", "",
            SECRETS + "a63_neither_helper_nor_environment_shows_a_secret"),
    Defence("A63", "memory that a helper finds empty", "interpreter/base/guarded.c",
            "    madvise(memory, bytes, MADV_WIPEONFORK);\n", "",
            SECRETS + "a63_the_worker_never_has_a_secret"),
    Defence("A63", "an interpreter that is not to be traced", VAULT,
            "        prctl(PR_SET_DUMPABLE, 0);\n        take_environment", "        take_environment",
            SECRETS + "a63_the_same_user_can_not_look_into_the_interpreter"),
    Defence("A64", "that a secret is on record by its name alone", "interpreter/cli/cmd_exec.c",
            "rb_map_add(&map, plan->secrets[i].name, rb_value_ref(plan->secrets[i].source));\n", DIGESTED,
            SECRETS + "a64_no_digest_depends_on_a_secret"),
    Defence("F38", "what is known not to have been sent", OUTCOME,
            "        return exchange->sent;\n", "        return true;\n",
            WEB + "f38_names_that_come_to_nothing_or_to_the_dead"),
    Defence("F38", "a next address when the time of one is up", "interpreter/effects/curl_loop.c",
            "if (running > 0 && !uv", "if (running < 0 && !uv",
            WEB + "f38_names_that_come_to_nothing_or_to_the_dead"),
    Defence("F39", "what is known not to have been sent", OUTCOME,
            "        return exchange->sent;\n", "        return true;\n",
            HTTP + "f39_what_was_not_sent_is_tried_again"),
    Defence("F39", "a count of what the kernel took", OUTCOME,
            "return lines > 0 || body > 0;", "return lines >= 0 || body > 0;",
            HTTP + "f39_a_connection_that_breaks_before_it_took_a_byte_has_sent_nothing"),
    Defence("F39", "a doubt about what was sent", OUTCOME,
            'may_have_left(exchange) ? "maybe" : "no"', 'may_have_left(exchange) && exchange->killed ? "maybe" : "no"',
            HTTP + "f39_a_write_without_an_answer_is_in_doubt "
            + HTTP + "f39_an_upload_that_is_cut_is_in_doubt"),
    Defence("F39", "a note before the first byte", TRANSFER,
            "if (exchange->code || !note_start(exchange))", "if (exchange->code)",
            HTTP + "f39_killed_in_the_middle_it_is_asked_and_never_sent_twice"),
    Defence("F39", "a doubt about a mail of which all was said", "interpreter/effects/mail_posting.c",
            'rb_value_text(doubtful ? "maybe" : "no")', 'rb_value_text(doubtful && posting->killed ? "maybe" : "no")',
            NOTIFY + "f39_a_message_whose_answer_is_lost_is_not_sent_again[mail]"),
    Defence("F39", "an answer that came before the error", "interpreter/effects/curl_loop.c",
            "    int flags = 0;\n", "    int flags = status < 0 ? CURL_CSELECT_ERR : 0;\n", "unit:test_http_faults"),
    Defence("F40", "a limit on how large an answer is", TRANSFER,
            "if (exchange->received > max)", "if (exchange->received < 0)",
            WEB + "f40_an_answer_that_never_gets_whole_is_bounded[endless-chunks]"),
    Defence("F40", "a look at what libcurl forgot", "interpreter/effects/curl_loop.c",
            "if (running > 0 && !uv_is_active", "if (running < 0 && !uv_is_active", "unit:test_http_faults"),
    Defence("F40", "a look that lasts no longer than the step", "interpreter/effects/look.c",
            "most > 0 && most < own ? most : own", "most > 0 && most > own ? most : own",
            "test_http_evidence.py::test_f40_what_is_asked_of_a_service_lasts_no_longer_than_the_step"),
    Defence("F40", "the millisecond that libcurl leaves out", "interpreter/effects/http_explain.c",
            ">= total - RB_MS", ">= total", "unit:test_http_faults"),
    Defence("F40", "an end for a mail whose time is over", "interpreter/effects/mail_transfer.c",
            "|| is_over(posting);", "|| (is_over(posting) && !posting);",
            NOTIFY + "f40_a_mail_server_that_never_answers_ends_with_the_timeout"),
    Defence("F41", "a look whether the answer is whole", "interpreter/effects/http_exchange.c",
            "if (result != CURLE_OK || exchange->code) {",
            "if ((result != CURLE_OK && result != CURLE_PARTIAL_FILE) || exchange->code) {",
            HTTP + "f41_an_answer_that_is_cut_is_no_success[length] "
            + HTTP + "f41_an_answer_that_is_cut_is_no_success[chunked]"),
    Defence("F41", "a look for a second length", TRANSFER,
            "if (!has_one_length(exchange))", "if (!has_one_length(exchange) && follow < 0)",
            HTTP + "f41_an_answer_that_is_none_is_no_success[two-lengths]"),
    Defence("F42", "what is known not to have been sent", OUTCOME,
            "        return exchange->sent;\n", "        return true;\n",
            WEB + "f42_a_handshake_that_stalls_is_bounded_and_nothing_was_sent"),
    Defence("F42", "trust that has to be said no to", SETUP,
            'bool verify = rb_value_get_bool(tls, "verify", true);',
            'bool verify = rb_value_get_bool(tls, "verify", false);',
            WEB + "f42_a_certificate_that_expires_between_two_steps"),
    Defence("F42", "STARTTLS that has to be there", "interpreter/effects/mail_transfer.c",
            "(long)CURLUSESSL_ALL", "(long)CURLUSESSL_TRY",
            NOTIFY + "f42_without_starttls_nothing_is_sent"),
    Defence("F42", "a look at a mail server's certificate", "interpreter/effects/mail_transfer.c",
            "SET(setup, SSL_VERIFYPEER, 1L);", "SET(setup, SSL_VERIFYPEER, 0L);",
            NOTIFY + "f42_a_mail_server_that_is_not_who_it_says_gets_nothing[starttls-stranger]"),
    Defence("F42", "a look at the name in it", "interpreter/effects/mail_transfer.c",
            "SET(setup, SSL_VERIFYHOST, 2L);", "SET(setup, SSL_VERIFYHOST, 0L);",
            NOTIFY + "f42_a_mail_server_that_is_not_who_it_says_gets_nothing[implicit-other-name]"),
    Defence("F43", "the id of a transaction", "interpreter/effects/services.c",
            "    if (!note) {\n", "    if (!note || *dir) {\n",
            SQL + "f43_killed_before_it_reads_the_answer_to_its_commit"),
    Defence("F43", "a look whether the server crashed since", SETTLE,
            "} else if (may_be_another(task)) {", "} else if (may_be_another(task) && !status) {",
            FAILOVER + "f43_a_database_that_restarts_in_the_middle_of_commit[killed]"),
    Defence("F44", "a look whether it is the same system", SETTLE,
            'if (strcmp(system, rb_value_get_text(server, "system", "")) != 0)', "if (!*system)",
            FAILOVER + "f44_what_another_database_says_of_a_transaction_is_no_evidence[another-system-lost]"),
    Defence("F44", "a look whether it is the same timeline", SETTLE,
            'if (rb_value_get_int(note, "timeline", -1) != rb_value_get_int(server, "timeline", -2))', "if (!server)",
            FAILOVER + "f44_what_another_database_says_of_a_transaction_is_no_evidence[another-timeline-killed]"),
    Defence("F45", "that a transaction without COMMIT did nothing", FAILURE,
            "task->is_transaction || task->is_read_only || task->phase", "task->is_read_only || task->phase",
            SQL + "f45_a_deadlock_is_told_and_nothing_of_it_is_left"),
    Defence("F45", "a limit of the server on how long a statement takes", REQUEST,
            '    put_time(out, set, "statement_timeout", rb_value_get_int(request, "timeout_us", 0));\n', "",
            SQL + "f45_a_statement_that_outlasts_its_time_is_ended_by_the_server"),
    Defence("F45", "a limit of the server on how long a lock is waited for", REQUEST,
            '    put_time(out, set, "lock_timeout", rb_value_get_int(request, "lock_timeout_us", 0));\n', "",
            SQL + "f45_a_lock_is_waited_for_no_longer_than_it_says"),
    Defence("F45", "transactions that can only read", REQUEST,
            "bool reads = rb_sql_request_is_read_only(request);\n    bool alone",
            "bool reads = false;\n    bool alone",
            SQL + "f45_the_server_refuses_to_write_what_only_reads[by-statement] "
            + SQL + "f45_the_server_refuses_to_write_what_only_reads[by-connection]"),
    Defence("F45", "a look at what a transaction that can only read lets through", "interpreter/plan/sql_word.c",
            "return !reads || check_reads(at, err);", "return true;",
            SQL + "f45_what_a_read_only_transaction_lets_through_is_not_sent[copy]"),
]
