"""What keeps out what an author, a file or a process tries: A01 to A18, A31, A32, A38, A44, A45, A47 to A54, A65 to A69."""

from defences import Defence

REFUSED = "test_attacks_input.py::test_a01_to_a10_input_that_is_refused"
ENCODING = "test_attacks_input.py::test_a08_another_encoding_is_refused"
WRITABLE = "test_attacks_input.py::test_a12_what_anyone_can_write_decides_nothing"
CALLED = "test_call.py::test_a11_what_is_called_lies_below"

DEFENCES = [
    Defence("A01", "a word against aliases", "interpreter/parse/yaml.c",
            '''        rb_diag_help(
            rb_diag_add(r->diags, 108, here(r), "alias `*%s`",
                        (const char *)r->event.data.alias.anchor),
            "write the value out where it is needed, or use `vars` and `defaults`");
        return new_node''', "        return new_node", REFUSED + "[a01-alias-bomb]"),
    Defence("A02", "a limit on how deep YAML may nest", "interpreter/parse/yaml.c",
            "MOST_DEPTH = 64", "MOST_DEPTH = 1000000", REFUSED + "[a02-lists]"),
    Defence("A02", "a limit on what is read of a file", "interpreter/base/file.c",
            "if (total > cap)", "if (false)", "test_attacks_input.py::test_a02_a_file_without_end_is_refused"),
    Defence("A02", "opening without a wait", "interpreter/base/file.c",
            "O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY", "O_RDONLY | O_CLOEXEC",
            "test_attacks_input.py::test_a02_a_fifo_is_not_waited_for"),
    Defence("A03", "a look for the same key twice", "interpreter/parse/yaml.c",
            "pairs.count > 1 ? drop_duplicates(r, pairs.items, pairs.count) : pairs.count", "pairs.count",
            REFUSED + "[a03-key-twice]"),
    Defence("A04", "a word against merge keys", "interpreter/parse/yaml.c",
            'strcmp(key->text, "<<") == 0', "false", REFUSED + "[a04-merge]"),
    Defence("A04", "a word against anchors", "interpreter/parse/yaml.c",
            "if (anchor) {", "if (false) {", REFUSED + "[a04-anchor-twice]"),
    Defence("A05", "a word against leading zeros", "interpreter/parse/scalar.c",
            "text[digits] == '\\0' && (text[0] != '0' || digits == 1)", "text[digits] == '\\0'",
            REFUSED + "[a05-octal]"),
    Defence("A05", "a unit behind each number of a duration", "interpreter/base/duration.c",
            "    const struct unit *previous = NULL;\n    do {", """    const struct unit *previous = NULL;
    int hours, minutes, seconds;
    if (sscanf(text, "%d:%d:%d", &hours, &minutes, &seconds) == 3) {
        *ret_span = ((hours * 60 + minutes) * 60 + seconds) * RB_SEC;
        return true;
    }
    do {""",
            REFUSED + "[a05-base-60]"),
    Defence("A05", "true and false as the only booleans", "interpreter/parse/scalar.c",
            '''    bool yes = strcmp(node->text, "true") == 0;
    if ((yes || strcmp(node->text, "false") == 0) && !is_quoted(node)) {''',
            '''    bool yes = in(node->text, yes_words);
    if (yes || in(node->text, no_words)) {''', REFUSED + "[a05-no]"),
    Defence("A05", "a type that comes from the declaration", "interpreter/parse/param_value.c",
            '''    default:
        if (!rb_scalar_text(node, what, diags, &text))
            return false;
''', '''    default:
        if (!rb_scalar_text(node, what, diags, &text))
            return false;
        if (rb_scalar_parse_number(text, &number)) {
            *ret_value = rb_value_number(number);
            return true;
        }
''', "test_attacks_input.py::test_a05_scalars_keep_their_type"),
    Defence("A06", "a word against tags", "interpreter/parse/yaml.c",
            "if (tag) {", "if (false) {", REFUSED + "[a06-binary]"),
    Defence("A07", "a look at what an escape stands for", "interpreter/parse/yaml.c",
            '''    if (node->style == RB_SCALAR_DOUBLE &&
        !rb_yaml_text_check''', '''    if (false &&
        !rb_yaml_text_check''', REFUSED + "[a07-nul]"),
    Defence("A07", "a look at the characters of the file", "interpreter/parse/yaml_text.c",
            "!end_of_line && forbidden(c) && !joins", "!end_of_line && false && !joins", REFUSED + "[a07-escape]"),
    Defence("A07", "visible escapes in a quoted line", "interpreter/base/text.c",
            "else if (rb_text_hidden(code_point) &&", "else if (code_point == 0 &&", REFUSED + "[a07-escape]"),
    Defence("A08", "a look at what follows the document", "interpreter/parse/yaml.c",
            "    check_end(r);\n", "", REFUSED + "[a08-second-document]"),
    Defence("A08", "a word against directives", "interpreter/parse/yaml.c",
            "    check_directives(r);\n", "", REFUSED + "[a08-directive]"),
    Defence("A08", "a look at the encoding", "interpreter/parse/yaml_text.c",
            "if (!is_text(source, diags))", "if (false)", f"{ENCODING}[utf-16-RB0105] {ENCODING}[utf-8-sig-RB0105]"),
    Defence("A08", "a word against bytes that are not UTF-8", "interpreter/parse/yaml_text.c",
            "if (scan.findings < MOST_FINDINGS)\n                find", "if (false)\n                find",
            ENCODING + "[latin-1-RB0102]"),
    Defence("A09", "a word against characters that nobody sees", "interpreter/parse/yaml_text.c",
            "return rb_text_hidden(c) ||", "return c < 0x20 || c == 0x7F ||",
            "test_attacks_terminal.py::test_a09_a_command_is_what_it_looks_like[confirm]"),
    Defence("A09", "a look at letters of two alphabets in a word", "interpreter/check/lookalikes.c",
            "if (latin && other && !told)", "if (false)",
            "test_attacks_terminal.py::test_a09_a_command_is_what_it_looks_like[exec]"),
    Defence("A09", "a look at what the escapes of YAML stand for", "interpreter/check/lookalikes.c",
            "if (source->text[i] == '\\\\' &&", "if (false &&",
            "test_attacks_terminal.py::test_a09_a_command_is_what_it_looks_like[escaped]"),
    Defence("A09", "more than control characters among what is shown as an escape", "interpreter/base/text.c",
            "else if (rb_text_hidden(code_point) &&", "else if (code_point < 0xA0 && rb_text_hidden(code_point) &&",
            "test_attacks_terminal.py::test_a09_a_value_is_shown_with_its_hidden_characters"),
    Defence("A10", "a word against unknown keys", "interpreter/parse/step.c",
            "        unknown(c, key);\n", "", REFUSED + "[a10-misspelt]"),
    Defence("A11", "an end to `..` at the folder of the runbook", "interpreter/parse/call_place.c",
            'if (length == 2 && strncmp(part, "..", 2) == 0) {', "if (false) {", CALLED + "[../out.yaml]"),
    Defence("A11", "a look for links on the way", "interpreter/cli/called.c",
            "if (!is_no_link(files, path, err) || ", "if (",
            CALLED + "[link.yaml]"),
    Defence("A11", "opening without a wait", "interpreter/base/file.c",
            "O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY", "O_RDONLY | O_CLOEXEC", CALLED + "[fifo]"),
    Defence("A12", "a look at who can write to a file", "interpreter/cli/trust.c",
            "if (file.st_mode & S_IWOTH)", "if (false)", WRITABLE + "[runbook]"),
    Defence("A12", "a look at the folder that a link is in", "interpreter/cli/trust.c",
            "if (!check_place(path, at, &st, err))", "if (!is_link && !check_place(path, at, &st, err))",
            WRITABLE + "[runbook]"),
    Defence("A12", "a look at where a link leads", "interpreter/cli/trust.c",
            "is_link = S_ISLNK(st.st_mode);", "is_link = false;", WRITABLE + "[runbook]"),
    Defence("A12", "a look at the folders further up", "interpreter/cli/trust.c",
            "at = *next;", 'at = next == &folder ? rb_strdup("/") : *next;',
            "test_attacks_input.py::test_a12_a_folder_further_up_that_anyone_can_replace "
            "test_attacks_input.py::test_a12_a_strangers_folder_where_anyone_can_put_one"),
    Defence("A12", "a look at the parameters' file", "interpreter/cli/cmd_exec.c",
            "(params && !rb_trust_file(params, err))", "false", WRITABLE + "[params]"),
    Defence("A12", "a look at the answers' file", "interpreter/cli/load.c",
            "if (!rb_trust_file(path, err) || !read_input", "if (!read_input",
            WRITABLE + "[answers] test_attacks_input.py::test_a12_resume_takes_no_answers_that_anyone_can_write"),
    Defence("A12", "a look at whose file it is", "interpreter/cli/trust.c",
            "return is_ours(st) ||", "return true ||",
            "test_attacks_input.py::test_a12_a_strangers_file_where_anyone_can_put_one "
            "test_attacks_input.py::test_a12_a_strangers_folder_where_anyone_can_put_one"),
    Defence("A12", "a sticky bit that counts", "interpreter/cli/trust.c",
            "if (!(above.st_mode & S_ISVTX))", "if (true)",
            "test_attacks_input.py::test_a12_a_checkout_of_a_group_is_fine"),
    Defence("A12", "a look at the files that are called", "interpreter/cli/called.c",
            " || !rb_trust_file(rb_buf_text(&where), err) ||", " ||",
            "test_call.py::test_a12_a_called_file_that_anyone_can_write_is_refused"),
    Defence("A12", "a look at who can write to the store", "interpreter/journal/store.c",
            "if (st.st_mode & (S_IWGRP | S_IWOTH))", "if (false)",
            "test_commands.py::test_a12_a_store_that_others_can_write_to_is_refused"),
    Defence("A12", "a look at whose store and run it is", "interpreter/cli/history.c",
            "(use == RB_HISTORY_READ || rb_run_is_ours(h.store, h.run, err)) &&", "",
            "test_commands.py::test_a12_what_another_user_wrote_is_read_and_not_gone_on_with"),
    Defence("A12", "a look at whose store a run begins in", "interpreter/cli/cmd_exec.c",
            "        rb_store_is_ours(store, &err) &&\n", "",
            "test_commands.py::test_a12_what_another_user_wrote_is_read_and_not_gone_on_with[store]"),
    Defence("A12", "a look at whether a group can write to the signers", "interpreter/cli/trust.c",
            "if (stat(path, &file) == 0 && file.st_mode & S_IWGRP)", "if (false)",
            "test_attacks_approve.py::test_a12_signers_that_a_group_can_write_are_refused"),
    Defence("A12", "a look at whether a group can replace the signers", "interpreter/cli/trust.c",
            "if (stat(folder, &above) == 0 && above.st_mode & S_IWGRP && !(above.st_mode & S_ISVTX))", "if (false)",
            "test_attacks_approve.py::test_a12_signers_that_a_group_can_replace_are_refused"),
    Defence("A13", "quotes around a value in a script", "interpreter/parse/shell.c",
            '"\\"$RB_%d\\"", number', '"$RB_%d", number',
            "test_attacks.py::test_a13_a_value_is_one_word_and_never_source[blanks]"),
    Defence("A13", "a value in single quotes that leaves them", "interpreter/parse/shell.c",
            '''"'\\"$RB_%d\\"'", number''', '"$RB_%d", number',
            "test_attacks.py::test_a13_a_value_is_one_word_and_never_source[blanks]"),
    Defence("A13", "a value that is bound to a variable", "interpreter/core/request.c",
            'rb_list_add(&argv, rb_value_ref(rb_value_get(spec, "script")));',
            '''const char *script = rb_value_get_text(spec, "script", "");
    struct rb_buf text = {0};
    for (const char *at = script; *at; at++) {
        const struct rb_value *value = rb_value_at(rb_value_get(spec, "bind"), 0);
        if (value && strncmp(at, "\\"$RB_1\\"", 8) == 0 && (at += 7))
            rb_template_text(value, &text);
        else
            rb_buf_putc(&text, *at);
    }
    rb_list_add(&argv, rb_value_text(rb_buf_text(&text)));''',
            "test_attacks.py::test_a13_a_value_is_one_word_and_never_source[semicolon]"),
    Defence("A14", "a look at what an argument begins with", "interpreter/core/request.c",
            "if (text[0] != '-' || allowed ||", "if (true ||",
            "test_attacks.py::test_a14_a_value_does_not_become_an_option[git]"),
    Defence("A14", "a word of `check` about such an argument", "interpreter/check/safety.c",
            "if (rb_value_as_bool(rb_value_at(dash_ok, i), false) || expr < 0 ||", "if (true ||",
            "test_attacks.py::test_a14_a_value_does_not_become_an_option[rm]"),
    Defence("A17", "an end to what is open where a program is started", "interpreter/effects/launch.c",
            "return posix_spawn_file_actions_addclosefrom_np(actions, 3);", "return 0;", "unit:test_launch"),
    Defence("A17", "an end to what stands beside files in memory", "interpreter/effects/launch.c",
            "return code ? code : posix_spawn_file_actions_addclosefrom_np(actions, at);", "return code;",
            "unit:test_launch"),
    Defence("A17", "an end to what the caller left open", "interpreter/cli/start.c",
            "if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) != 0)", "if (false)",
            "test_attacks.py::test_a17_a_child_has_three_descriptors "
            "test_attacks.py::test_a17_ssh_keygen_has_its_own_descriptors"),
    Defence("A31", "the operator's own terminal as the only place to be asked", "interpreter/cli/session.c",
            "static struct rb_asker asker_of(struct session *s)\n{\n", """
static void ask_input(void *self, const struct rb_value *question, rb_asker_answered *answered, void *context)
{
    char line[80] = "";
    (void)self, (void)question;
    if (fgets(line, sizeof line, stdin) && line[0] == 'y')
        answered(context, rb_value_map("answer", rb_value_text("yes"), "via", rb_value_text("terminal"), NULL), NULL);
    else
        answered(context, NULL, "nobody is here");
}

static struct rb_asker asker_of(struct session *s)
{
    if (!waits(s))
        return (struct rb_asker){.self = s, .ask = ask_input, .unask = unask_nobody};
""", " ".join(f"test_attacks.py::test_a31_nothing_piped_in_is_a_yes[{stdin}]" for stdin in ("endless", "file"))),
    Defence("A32", "a no that stops", "interpreter/core/rule_answer.c",
            'if (strcmp(word, "yes") == 0)', "if (true)",
            "test_attacks_terminal.py::test_a32_what_is_no_yes_starts_no_later_step[n-question]"),
    Defence("A32", "an end of input that is no answer", "interpreter/render/terminal_ask.c",
            """    } else if (turn == RB_PROMPT_OPEN) {
        answer(t, NULL);""", """    } else if (turn == RB_PROMPT_OPEN) {
        answer(t, rb_value_map("answer", rb_value_text("yes"), NULL));""",
            "test_attacks_terminal.py::test_a32_what_is_no_yes_starts_no_later_step[ctrl-d-question]"),
    Defence("A32", "a group of processes of its own for the shell", "interpreter/effects/shell.c",
            "bool good = setpgid(0, 0) == 0 && tcsetpgrp(start->tty, getpid()) == 0 &&", "bool good =",
            "test_shell.py::test_a32_the_keys_of_the_shell_are_the_shells[none]"),
    Defence("A32", "someone to let a shell go on that stopped", "interpreter/effects/shell.c",
            "    shell->stands = false;\n    kill(-shell->pid, SIGCONT);\n", "    shell->stands = false;\n",
            "test_shell.py::test_a32_the_keys_of_the_shell_are_the_shells[jobs]"),
    Defence("A32", "an end of the shell with its run", "interpreter/effects/shell.c",
            "    kill(-shell->pid, SIGHUP);\n", "",
            "test_shell.py::test_a32_a_run_that_is_to_end_ends_its_shell[15]"),
    Defence("A38", "a look that is like another is written as it would have been", "interpreter/journal/like.c",
            "if (!rb_value_equal(again, d))", "if (!whole)",
            "test_polls.py::test_a38_a_look_that_refers_to_what_it_is_not_like_is_found unit:test_like"),
    Defence("A38", "a gate has not looked before it is due", "interpreter/core/decide.c",
            "!rb_look_may_be(rb_state_current(state), input->mono)", "!rb_state_current(state)",
            "test_polls.py::test_a38_a_look_that_refers_to_what_it_is_not_like_is_found"),
    Defence("A44", "a look at what can be the id of a run", "interpreter/journal/run.c",
            "if (!check_id(id, err) || !resolve(", "if (!resolve(",
            "test_attacks.py::test_a44_a_run_is_named_not_reached[..]"),
    Defence("A44", "folders that are no links", "interpreter/journal/folder.c",
            "O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC", "O_RDONLY | O_DIRECTORY | O_CLOEXEC",
            "test_attacks.py::test_a44_a_linked_run_or_journal_is_refused[run]"),
    Defence("A44", "files that are no links", "interpreter/journal/folder.c",
            "flags | O_NOFOLLOW | O_NONBLOCK", "flags | O_NONBLOCK",
            "test_attacks.py::test_a44_a_linked_run_or_journal_is_refused[journal]"),
    Defence("A44", "a look for links among the folders of a run", "interpreter/journal/lock.c",
            "!rb_run_check_folders(run, err) || ", "",
            "test_attacks.py::test_a44_nothing_is_written_through_a_link_in_a_run[steps]"),
    Defence("A44", "a look at how many names a journal has", "interpreter/journal/folder.c",
            "if (st->st_nlink != 1)", "if (false)",
            "test_attacks.py::test_a44_a_linked_run_or_journal_is_refused[hard]"),
    Defence("A44", "a look at what can be the name of a blob", "interpreter/journal/blob.c",
            """    if (rb_value_length(blob) != strlen(PREFIX) + RB_DIGEST_HEX ||
        strncmp(text, PREFIX, strlen(PREFIX)) != 0 || !is_hex(text + strlen(PREFIX)))""",
            "    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)",
            "test_attacks.py::test_a44_a_blob_is_named_not_reached"),
    Defence("A44", "a spelling of keys that has no slash", "interpreter/journal/lockfile.c",
            "if (is_plain(*c) && !(c == key && *c == '.'))", "if (is_plain(*c) || *c == '/' || *c == ':')",
            "test_locks.py::test_a44_a_key_is_data_and_its_file_stays_in_its_folder[up]"),
    Defence("A44", "an end to the length of a name", "interpreter/journal/lockfile.c",
            "if (name.length <= NAME_MOST)", "if (true)",
            "test_locks.py::test_a44_a_key_is_data_and_its_file_stays_in_its_folder[long]"),
    Defence("A45", "visible escapes in what is told of a run", "interpreter/render/words.c",
            "    rb_text_visible(text, length, false, out);\n", "    rb_buf_append(out, text, length);\n",
            "test_record.py::test_a45_control_characters_never_reach_the_terminal_raw"),
    Defence("A45", "visible escapes in the evidence that is shown", "interpreter/cli/evidence.c",
            "rb_text_visible(rb_buf_text(text), text->length, true, &clean);",
            "rb_buf_append(&clean, rb_buf_text(text), text->length);",
            "test_record.py::test_a45_control_characters_never_reach_the_terminal_raw"),
    Defence("A45", "visible escapes in the output of a step at a terminal", "interpreter/cli/output.c",
            "if (isatty(to)) {", "if (false) {",
            "test_record.py::test_a45_nor_from_the_output_of_a_step_at_a_terminal"),
    Defence("A45", "visible escapes in messages", "interpreter/base/error.c",
            "rb_text_visible(rb_buf_text(text), text->length, false, &shown);",
            "rb_buf_append(&shown, rb_buf_text(text), text->length);",
            "test_record.py::test_a45_nor_from_the_name_of_a_file"),
    Defence("A45", "visible escapes in what is said of a file", "interpreter/render/diag.c",
            "rb_text_visible(text, strlen(text), false, out);", "rb_buf_puts(out, text);",
            "test_record.py::test_a45_nor_from_the_name_of_a_file"),
    Defence("A45", "a look at the characters of the file", "interpreter/parse/yaml_text.c",
            "!end_of_line && forbidden(c) && !joins", "!end_of_line && false && !joins",
            "test_record.py::test_a45_a_runbook_has_no_control_characters[title]"),
    Defence("A45", "a look at what an escape stands for", "interpreter/parse/yaml.c",
            """    if (node->style == RB_SCALAR_DOUBLE &&
        !rb_yaml_text_check""", """    if (false &&
        !rb_yaml_text_check""", "test_record.py::test_a45_a_runbook_has_no_control_characters[escaped-title]"),
    Defence("A45", "visible escapes in what a service says", "interpreter/cli/probe.c",
            "rb_text_visible(rb_buf_text(&probe->text), probe->text.length, false, &text);",
            "rb_buf_append(&text, rb_buf_text(&probe->text), probe->text.length);",
            "test_doctor.py::test_a45_what_a_service_says_is_shown_visibly"),
    Defence("A47", "a choice of what of Lua's strings is there", "interpreter/lua/lib_string.c",
            "    rb_lib_pick(L, names);\n", "",
            "unit:test_reach test_attacks.py::test_a47_to_a54_lua_harms_its_own_check_alone[a47-0]"),
    Defence("A47", "a word of `check` about names that are not there", "interpreter/check/references.c",
            "rb_diag_add(check->diags, 411, ref->root_span, \"there is no `%s`\", ref->root);",
            "rb_diag_add(&(struct rb_diags){0}, 411, ref->root_span, \"there is no `%s`\", ref->root);",
            "test_attacks.py::test_a47_to_a52_what_is_not_there_is_refused_by_check[load]"),
    Defence("A48", "a limit that no pcall gets past", "interpreter/lua/bounds.c",
            "    bounds->spent = true;\n    lua_sethook(L, count, LUA_MASKCOUNT, 1);\n", "",
            "test_attacks.py::test_a47_to_a54_lua_harms_its_own_check_alone[a48-0]"),
    Defence("A49", "a clock that ends the worker", "interpreter/effects/worker.c",
            "    uv_timer_start(&worker->timer, time_is_up, (uint64_t)(worker->left / RB_MS + 1), 0);\n", "",
            "test_attacks.py::test_a47_to_a54_lua_harms_its_own_check_alone[a49-0]"),
    Defence("A50", "a choice of what of Lua itself is there", "interpreter/lua/lib_base.c",
            '"type",   "tonumber", NULL}', '"type",   "tonumber", "setmetatable", NULL}',
            "unit:test_reach"),
    Defence("A51", "a limit of memory", "interpreter/lua/bounds.c",
            "if (size > old_size && size - old_size > bounds->memory - bounds->used)", "if (false)",
            "test_attacks.py::test_a47_to_a54_lua_harms_its_own_check_alone[a51-0]"),
    Defence("A52", "a library that can't be assigned to", "interpreter/lua/lib_base.c",
            "    rb_scope_protect(L);\n    lua_setfield(L, -2, \"string\");", "    lua_setfield(L, -2, \"string\");",
            "test_attacks.py::test_a47_to_a54_lua_harms_its_own_check_alone[a52-0]"),
    Defence("A52", "values of the run that can't be assigned to", "interpreter/lua/view.c",
            'return luaL_error(L, "the values of a run are read-only");', "return 0;",
            "test_attacks.py::test_a47_to_a54_lua_harms_its_own_check_alone[a52-1]"),
    Defence("A53", "an order of pairs", "interpreter/lua/lib_base.c",
            "    qsort(keys, count, sizeof *keys, compare);\n", "",
            "test_attacks.py::test_a53_a_verdict_is_the_same_in_every_process"),
    Defence("A53", "words instead of addresses", "interpreter/lua/lib_base.c",
            """    else
        lua_pushstring(L, lua_typename(L, type));
    return 1;""", """    else
        luaL_tolstring(L, 1, NULL);
    return 1;""", "test_attacks.py::test_a53_a_verdict_is_the_same_in_every_process"),
    Defence("A53", "a locale of its own", "interpreter/lua/worker_main.c",
            'setlocale(LC_ALL, "C");', 'setlocale(LC_ALL, "");',
            "test_attacks.py::test_a53_a_verdict_is_the_same_in_every_process"),
    Defence("A54", "a limit of memory under the stack", "interpreter/lua/bounds.c",
            "if (size > old_size && size - old_size > bounds->memory - bounds->used)", "if (false)",
            "test_attacks.py::test_a47_to_a54_lua_harms_its_own_check_alone[a54-0]"),
    Defence("A65", "orphans that come to the supervisor", "interpreter/effects/supervisor_main.c",
            "fcntl(s->listener, F_SETFL, O_NONBLOCK) == 0 &&\n           prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;",
            "fcntl(s->listener, F_SETFL, O_NONBLOCK) == 0;",
            "test_attacks.py::test_a65_nothing_outlives_its_step"),
    Defence("A65", "an end of who is deaf", "interpreter/effects/ending.c",
            "send(&tree, SIGKILL);", "send(&tree, SIGTERM); send(&tree, SIGCONT);",
            "test_attacks.py::test_a65_nothing_outlives_its_step"),
    Defence("A66", "a look at all that a program has started, more than its group", "interpreter/effects/ending.c",
            "send(&tree, SIGKILL);", "kill(-child->programs[0].pid, SIGKILL);",
            "test_faults_processes.py::test_a66_a_bomb_of_processes_is_ended_whole"),
    Defence("A67", "a session of its own", "interpreter/effects/launch.c",
            "POSIX_SPAWN_SETSID |\n                                                        ", "",
            "test_attacks_terminal.py::test_a67_a_step_has_no_terminal"),
    Defence("A67", "a way back of the terminal out of a crash", "interpreter/render/tty.c",
            "        sigaction(crashes[i], &action, NULL);\n", "        (void)action;\n",
            "test_attacks_terminal.py::test_a67_the_terminal_is_left_as_it_was[segv]"),
    Defence("A67", "a way back of the terminal where there is no memory", "interpreter/render/tty.c",
            "    (void)at_quick_exit(rb_terminal_restore); /* out of memory */\n", "",
            "test_attacks_terminal.py::test_a67_the_terminal_is_left_as_it_was[memory]"),
    Defence("A67", "a way back of the terminal", "interpreter/render/tty.c",
            "    tcsetattr(fd, TCSANOW, &before);\n", "",
            "test_attacks_terminal.py::test_a67_the_terminal_is_left_as_it_was[end]"),
    Defence("A67", "the operator's modes for the shell", "interpreter/render/terminal_lent.c",
            "    rb_terminal_restore();\n", "",
            "test_shell.py::test_a67_the_modes_of_the_terminal_around_a_shell"),
    Defence("A67", "an end of what a shell left on", "interpreter/render/terminal_lent.c",
            't->screen.fixed ? "\\r\\n" : LEFT', '"\\r\\n"',
            "test_shell.py::test_a67_the_modes_of_the_terminal_around_a_shell"),
    Defence("A68", "the time that a process was started", "interpreter/effects/orphans.c",
            "&&\n            program.start == (uint64_t)start)", ")",
            "test_faults_processes.py::test_a68_f34_who_has_the_pid_now_is_not_signalled[start]"),
    Defence("A68", "the boot that a process was started in", "interpreter/effects/orphans.c",
            'strcmp(now, rb_value_get_text(note, "boot_id", "")) == 0', "true",
            "test_faults_processes.py::test_a68_f34_who_has_the_pid_now_is_not_signalled[boot]"),
    Defence("A68", "a name that may hold anything", "interpreter/effects/tree.c",
            "strrchr(text, ')')", "strchr(text, ')')",
            "test_faults_processes.py::test_a68_f34_who_has_the_pid_now_is_not_signalled[nothing]"),
    Defence("A69", "a lock on the run", "interpreter/journal/lock.c",
            "if (!rb_ofd_take(fd, holder_of, false)) {", "if (false) {",
            "test_attacks.py::test_a69_one_run_has_one_interpreter "
            "test_locks.py::test_a69_a_second_resume_is_told_who_is_at_work_and_writes_nothing"),
    Defence("A69", "a lock on what runs change", "interpreter/journal/lockfile.c",
            "if (!rb_ofd_take(fd, holder_of, true)) {", "if (false) {",
            "test_locks.py::test_a69_the_loser_of_a_lock_is_told_who_has_it_and_writes_nothing"),
]
