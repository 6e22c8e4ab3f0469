#pragma once
/* RB05xx: flow and safety. */

/* clang-format off */
#define RB_DIAG_CODES_SAFETY(X)                                                            \
    X(501, RB_DIAG_ERROR, "a second shell would read this value",                          \
      "In a `run:` script a value reaches the shell as a variable, in `exec:` a program as\n" \
      "an argument, and neither reads it as source. Here the text is handed on to another\n" \
      "shell (`ssh`, `sh -c`, `eval`, `su -c`, `trap`, `stdin` or a here-document for\n"  \
      "`bash`), directly, through a variable of the script or of `env`, or through a pipe,\n" \
      "or it stands where programs look for what to run (`git -c alias.x=`, `BASH_ENV`).\n" \
      "That would read whatever the value contains: a value `x; rm -rf /` would be a\n"   \
      "command. Hand the value over as an argument or on standard input instead.\n"       \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: sh -c \"rm -rf -- /srv/${{ params.name }}\"\n"                             \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: sh -c 'rm -rf -- \"/srv/$1\"' sh ${{ params.name }}\n"                     \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: ssh web1 \"systemctl restart ${{ params.unit }}\"\n"                       \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      ssh web1 'read -r unit; systemctl restart \"$unit\"' <<< ${{ params.unit }}\n" \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      get=\"kubectl -n ${{ params.namespace }} get\"\n"                             \
      "      $get pods\n"                                                                  \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      get=(kubectl -n ${{ params.namespace }} get)\n"                               \
      "      \"${get[@]}\" pods\n")                                                        \
    X(502, RB_DIAG_ERROR, "bash would evaluate this value",                                \
      "Bash does not only calculate in `$(( ))`, `(( ))`, `let`, the brackets of an\n"     \
      "array, `${name:offset}` and `[[ a -gt b ]]`: it takes what a variable holds for\n"  \
      "an expression, and runs the commands in it, so that a value `a[$(reboot)]`\n"       \
      "would reboot. Calculate in the braces, where Lua does it, compare with `[ ]`,\n"    \
      "which takes numbers only, or make sure that the value is a number:\n"               \
      "`${{ math.tointeger(...) }}` or `${{ tonumber(...) }}` may stand anywhere.\n"       \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      seq $(( ${{ params.count }} + 1 ))\n"                                         \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      seq ${{ params.count + 1 }}\n"                                                \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      if [[ ${{ params.count }} -gt 3 ]]; then echo many; fi\n"                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      if [ ${{ params.count }} -gt 3 ]; then echo many; fi\n")                      \
    X(503, RB_DIAG_ERROR, "another language would read this value",                        \
      "The value would become part of a program in another language (SQL for\n"            \
      "`psql -c`, a program for `awk`, `sed`, `perl -e`, `python -c`, `jq`), and that\n"   \
      "language would read whatever the value contains: a name with an apostrophe\n"       \
      "breaks the statement, and `'; DROP TABLE orders; --` is one. Each of these\n"       \
      "programs takes values apart from its source. Mind that `psql -c` does not\n"        \
      "replace variables: give the SQL on standard input.\n"                               \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: psql -c \"select count(*) from jobs where id = '${{ params.id }}'\"\n"     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      psql -v id=${{ params.id }} <<'SQL'\n"                                        \
      "      select count(*) from jobs where id = :'id'\n"                                 \
      "      SQL\n")                                                                       \
    X(504, RB_DIAG_ERROR, "a value as the name of a variable",                             \
      "Where bash expects the name of a variable (`read`, `declare`, `unset`,\n"           \
      "`printf -v`, `[[ -v ]]`), it evaluates what stands in brackets behind the name\n"   \
      "and runs the commands in it. Use a fixed name, or an associative array with the\n"  \
      "value as a quoted key in the assignment of its elements.\n"                         \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: read -r ${{ vars.name }} < file\n"                                         \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: read -r answer < file\n")                                                  \
    X(505, RB_DIAG_ERROR, "an option that can run a command",                              \
      "If this value begins with a `-`, the program takes it for an option, and this\n"    \
      "program has options that run commands: a host named `-oProxyCommand=...` would\n"   \
      "make `ssh` run it. Put `--` before the value: what comes behind is never an\n"      \
      "option.\n"                                                                          \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: ssh ${{ params.host }} uptime\n"                                           \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: ssh -- ${{ params.host }} uptime\n")                                       \
    X(506, RB_DIAG_WARNING, "a value that is split into words",                            \
      "The variable holds the text of a value, and without quotes bash splits it at\n"     \
      "each blank and replaces `*` and `?` by the names of files: one argument becomes\n"  \
      "any number of them, and `rm $x` with the value `a *` removes everything. Put\n"     \
      "double quotes around it; for several arguments use an array.\n"                     \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      file=${{ params.file }}\n"                                                    \
      "      rm -- $file\n"                                                                \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      file=${{ params.file }}\n"                                                    \
      "      rm -- \"$file\"\n")                                                           \
    X(510, RB_DIAG_WARNING, "a step that can never run",                                   \
      "The condition is a constant that does not hold, so the step is skipped in every\n"  \
      "run, and each reader wonders why it is there. Take the step out, or let a\n"        \
      "parameter decide.\n"                                                                \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: vacuum\n"                                                                 \
      "      when: false\n"                                                                \
      "      run: psql -c 'vacuum analyze'\n"                                              \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: vacuum\n"                                                                 \
      "      when: params.vacuum\n"                                                        \
      "      run: psql -c 'vacuum analyze'\n")                                             \
    X(511, RB_DIAG_ERROR, "a comparison with what can't be",                               \
      "The left side can only be one of a few words, and this text is none of them:\n"     \
      "the comparison is decided before the run, and what hangs on it never happens,\n"    \
      "or always. The words of `environment` are those of `environments`; those of a\n"    \
      "parameter are its `values`; a step's status is pending, active, passed, failed\n"   \
      "or skipped.\n"                                                                      \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    when: steps.backup.status == 'success'\n"                                       \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    when: steps.backup.status == 'passed'\n")                                       \
    X(512, RB_DIAG_ERROR, "a retry that may do it twice",                                  \
      "The step is tried again after a failure, and a step that failed may have done\n"    \
      "its work all the same, or a half of it: the reply was lost, or the time was up.\n"  \
      "Say `idempotent: true` where doing it twice does no harm, or write a `probe`\n"     \
      "that finds out whether it is done.\n"                                               \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: open\n"                                                                   \
      "      run: ./open-account.sh\n"                                                     \
      "      retry: 3\n"                                                                   \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: open\n"                                                                   \
      "      run: ./open-account.sh\n"                                                     \
      "      retry: 3\n"                                                                   \
      "      probe: sh.exec{\"./has-account.sh\"}.ok\n")                                   \
    X(513, RB_DIAG_ERROR, "a repetition after an interruption",                            \
      "When a run is interrupted in the middle of this step, `on_interrupt: rerun`\n"      \
      "does it again, whatever it had done by then. That is right only where doing it\n"   \
      "twice does no harm, and then the step says so.\n"                                   \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: import\n"                                                                 \
      "      run: ./import.sh\n"                                                           \
      "      on_interrupt: rerun\n"                                                        \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: import\n"                                                                 \
      "      run: ./import.sh\n"                                                           \
      "      idempotent: true\n"                                                           \
      "      on_interrupt: rerun\n")                                                       \
    X(514, RB_DIAG_ERROR, "no probe to decide by",                                         \
      "`on_interrupt: probe` lets the step's `probe` find out whether the step is\n"       \
      "done, and this step has none.\n"                                                    \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: import\n"                                                                 \
      "      run: ./import.sh\n"                                                           \
      "      on_interrupt: probe\n"                                                        \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: import\n"                                                                 \
      "      run: ./import.sh\n"                                                           \
      "      probe: sh.exec{\"test\", \"-e\", \"import.done\"}.ok\n"                       \
      "      on_interrupt: probe\n")                                                       \
    X(515, RB_DIAG_WARNING, "a time that is never reached",                                \
      "`timeout` bounds one attempt and `within` all of them with the waits between,\n"    \
      "so `within` has to be the longer one; and no wait of a `retry` is longer than\n"    \
      "its `max_delay`. The longer time of the two has no effect here, although\n"         \
      "somebody meant it to have one.\n"                                                   \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: copy\n"                                                                   \
      "      run: rsync -a a/ b/\n"                                                        \
      "      timeout: 30m\n"                                                               \
      "      within: 10m\n"                                                                \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: copy\n"                                                                   \
      "      run: rsync -a a/ b/\n"                                                        \
      "      timeout: 10m\n"                                                               \
      "      within: 30m\n")                                                               \
    X(516, RB_DIAG_ERROR, "a gate that can't work",                                        \
      "A gate looks every `every`, until it holds (for as long as `hold`, without a\n"     \
      "break) or its `timeout` is up. Where `hold` is longer than `timeout` it can\n"      \
      "never pass, and where `every` is, it looks once.\n"                                 \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    gate: {check: \"sh.exec{'./healthy'}.ok\", hold: 10m, timeout: 5m}\n"           \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    gate: {check: \"sh.exec{'./healthy'}.ok\", hold: 10m, timeout: 30m}\n")         \
    X(517, RB_DIAG_WARNING, "a word to type out that is a value",                          \
      "`type` makes a person stop and type out what is at stake. When the word comes\n"    \
      "from a value, it can be empty or something that nobody expects, and the\n"          \
      "question no longer says what it was written for. Write the word itself.\n"          \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    confirm: {message: Migrate the database?, type: \"${{ params.word }}\"}\n"      \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    confirm: {message: Migrate the database?, type: production}\n")                 \
    X(518, RB_DIAG_WARNING, "unused parameter",                                            \
      "The parameter is asked for and never used. Often it was meant to be, and\n"         \
      "something else stands in its place.\n"                                              \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    params:\n"                                                                      \
      "      version: {type: string}\n"                                                    \
      "    steps:\n"                                                                       \
      "      - id: deploy\n"                                                               \
      "        run: ./deploy.sh v3.25.0\n"                                                 \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    steps:\n"                                                                       \
      "      - id: deploy\n"                                                               \
      "        run: ./deploy.sh ${{ params.version }}\n")                                  \
    X(519, RB_DIAG_WARNING, "unused variable",                                             \
      "The variable is set and never used. Often it was meant to be, and something\n"      \
      "else stands in its place.\n"                                                        \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    vars: {namespace: dcmms}\n"                                                     \
      "    steps:\n"                                                                       \
      "      - id: pods\n"                                                                 \
      "        run: kubectl -n dcmms get pods\n"                                           \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    steps:\n"                                                                       \
      "      - id: pods\n"                                                                 \
      "        run: kubectl -n ${{ vars.namespace }} get pods\n")                          \
    X(520, RB_DIAG_WARNING, "unused output",                                               \
      "The output is worked out and recorded, and no step uses it. Where it was meant\n"   \
      "for a decision, that decision is missing.\n"                                        \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: count\n"                                                                  \
      "      run: wc -l < orders.csv\n"                                                    \
      "      outputs: {lines: tonumber(result.stdout)}\n"                                  \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: count\n"                                                                  \
      "      run: wc -l < orders.csv\n"                                                    \
      "      outputs: {lines: tonumber(result.stdout)}\n"                                  \
      "    - id: enough\n"                                                                 \
      "      gate: steps.count.outputs.lines > 100\n")                                     \
    X(521, RB_DIAG_WARNING, "a secret that is never used",                                 \
      "The secret is declared, and nothing in the file uses it. Mostly the place that should\n" \
      "is missing or misspelt.\n"                                                          \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    secrets:\n"                                                                     \
      "      db: {env: PGPASSWORD}\n"                                                      \
      "      old: {file: /run/secrets/old}\n"                                              \
      "    env: {PGPASSWORD: \"${{ secrets.db }}\"}\n"                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    secrets:\n"                                                                     \
      "      db: {env: PGPASSWORD}\n"                                                      \
      "    env: {PGPASSWORD: \"${{ secrets.db }}\"}\n")                                    \
    X(524, RB_DIAG_WARNING, "a template that is never used",                               \
      "The template is declared, and no step uses it. Mostly the step that should is\n"    \
      "missing or names another one. What refers to nothing in it has not been looked at.\n"\
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    templates:\n"                                                                   \
      "      incident: \"${{ params.title }}: we look into it.\"\n"                        \
      "      solved: \"${{ params.title }} is over.\"\n"                                   \
      "    steps:\n"                                                                       \
      "      - id: announce\n"                                                             \
      "        notify: {to: team, template: incident}\n"                                   \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    templates:\n"                                                                   \
      "      incident: \"${{ params.title }}: we look into it.\"\n"                        \
      "    steps:\n"                                                                       \
      "      - id: announce\n"                                                             \
      "        notify: {to: team, template: incident}\n")                                  \
    X(525, RB_DIAG_WARNING, "a step without a way back",                                   \
      "A run of this runbook can be rolled back, and this step writes: what it does would\n"\
      "stay, and the system would be neither as it was nor as it should be. Whoever plans the\n"\
      "release has to know. `undo` is a step of its own, with its own checks and retries, or a\n"\
      "list of them; on a group it takes the whole of it back. `undo: none` says that no rollback\n"\
      "takes it back. In an environment that is not `production` nothing is said.\n"       \
      "Of a runbook without any `undo` it is said once, with `production` chosen.\n"       \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    on_failure: rollback\n"                                                         \
      "    steps:\n"                                                                       \
      "      - id: scale\n"                                                                \
      "        exec: [kubectl, scale, deployment/dcmms-api, --replicas=6]\n"               \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    on_failure: rollback\n"                                                         \
      "    steps:\n"                                                                       \
      "      - id: scale\n"                                                                \
      "        exec: [kubectl, scale, deployment/dcmms-api, --replicas=6]\n"               \
      "        undo: {exec: [kubectl, scale, deployment/dcmms-api, --replicas=3]}\n")      \
    X(530, RB_DIAG_ERROR, "a shell that goes on after a failure",                          \
      "Scripts run under `bash -euo pipefail`: the first command that fails ends the\n"    \
      "step, also in the middle of a pipe, and a variable that is not set is an error.\n"  \
      "`shell` names a program that can't do this, or arguments that do not ask for\n"     \
      "it, and then a step whose work failed would pass.\n"                                \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    shell: [sh, -c]\n"                                                              \
      "    run: pg_dump dcmms | gzip > dcmms.sql.gz\n"                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: pg_dump dcmms | gzip > dcmms.sql.gz\n")                                    \
    X(531, RB_DIAG_WARNING, "a value that could be an option",                             \
      "This value is a whole argument, and when it begins with `-` the program takes\n"    \
      "it for an option: `rm` with the value `-rf` is another command. The run refuses\n"  \
      "such a value. Put `--` before it, join it to the option it belongs to, or give\n"   \
      "the parameter a pattern or type that excludes it.\n"                                \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    exec: [rm, \"${{ steps.find.outputs.file }}\"]\n"                               \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    exec: [rm, --, \"${{ steps.find.outputs.file }}\"]\n")                          \
    X(532, RB_DIAG_ERROR, "no timeout",                                                    \
      "Nothing would end this step if its program hung, and the run would wait for\n"      \
      "ever. Give the step a `timeout` (of one attempt) or a `within` (of all of\n"        \
      "them), or all steps one in `defaults`. When the time is up, the program ends\n"     \
      "with all that it started.\n"                                                        \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    steps:\n"                                                                       \
      "      - id: backup\n"                                                               \
      "        run: pg_dump -Fc dcmms > dcmms.dump\n"                                      \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    defaults: {timeout: 30m}\n"                                                     \
      "    steps:\n"                                                                       \
      "      - id: backup\n"                                                               \
      "        run: pg_dump -Fc dcmms > dcmms.dump\n")                                     \
    X(533, RB_DIAG_ERROR, "a letter of another alphabet",                                  \
      "A word of this command holds a letter that looks like a Latin one and is\n"         \
      "another: a reviewer reads one name, and another one runs. It usually comes\n"       \
      "along when text is copied, and it is a way to hide something. Type the word\n"      \
      "again.\n"                                                                           \
      "\n"                                                                                 \
      "Wrong (the `a` is a Cyrillic letter):\n"                                            \
      "\n"                                                                                 \
      "    run: kubectl delete pod аpi\n"                                                  \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: kubectl delete pod api\n")                                                 \
    X(534, RB_DIAG_WARNING, "a quote, dash or space that is none",                         \
      "Word processors and web pages turn quotes, dashes and spaces into characters\n"     \
      "that look better, and mean nothing to a shell: the command does something else,\n"  \
      "or does not exist. Type them again.\n"                                              \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: tar –xzf backup.tgz\n"                                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: tar -xzf backup.tgz\n")                                                    \
    X(536, RB_DIAG_ERROR, "a password without TLS",                                        \
      "Without TLS everybody between here and the server reads the password. A server that\n"\
      "takes mail without TLS, such as a relay on this machine, mostly asks for none.\n"   \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    connections:\n"                                                                 \
      "      mail:\n"                                                                      \
      "        type: smtp\n"                                                               \
      "        host: mail.dcmms.io\n"                                                      \
      "        tls: none\n"                                                                \
      "        from: runbook@dcmms.io\n"                                                   \
      "        to: ops@dcmms.io\n"                                                         \
      "        user: runbook\n"                                                            \
      "        password: \"${{ secrets.mail }}\"\n"                                        \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    connections:\n"                                                                 \
      "      mail:\n"                                                                      \
      "        type: smtp\n"                                                               \
      "        host: mail.dcmms.io\n"                                                      \
      "        from: runbook@dcmms.io\n"                                                   \
      "        to: ops@dcmms.io\n"                                                         \
      "        user: runbook\n"                                                            \
      "        password: \"${{ secrets.mail }}\"\n")                                       \
    X(540, RB_DIAG_WARNING, "a command that does not return",                              \
      "The command shows what happens until somebody ends it, or waits for a key. In a\n"  \
      "run nobody does, and the step ends by its timeout, as a failure. Ask for a\n"       \
      "state and end, let a `gate` look again until something holds, or bound the\n"       \
      "command with `timeout`.\n"                                                          \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: kubectl get pods -w\n"                                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: kubectl wait --for=condition=Ready pods --all --timeout=5m\n")             \
    X(541, RB_DIAG_WARNING, "curl without --fail",                                         \
      "`curl` succeeds when the server answers, with 500 Internal Server Error as\n"       \
      "well. With `--fail` a status from 400 on is a failure, with `--fail-with-body`\n"   \
      "the answer is shown all the same.\n"                                                \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: curl -sS https://api.example.org/health\n"                                 \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: curl -sS --fail https://api.example.org/health\n")                         \
    X(542, RB_DIAG_WARNING, "whichever files there are",                                   \
      "The pattern stands for all files that fit, in this folder, at this moment: with\n"  \
      "one of yesterday left over, the wrong one is restored, and with two the program\n"  \
      "stops with \"too many arguments\". Name the file that is meant.\n"                  \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: pg_restore -d dcmms backup_*.dump\n"                                       \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: pg_restore -d dcmms -- ${{ steps.backup.outputs.file }}\n")                \
    X(543, RB_DIAG_WARNING, "a reader that ends early",                                    \
      "`head` and `grep -q` end as soon as they have seen enough. What writes to them\n"   \
      "then gets a broken pipe, which fails, and under `pipefail` the whole pipe with\n"   \
      "it: not always, but depending on how much was written by then. Read to the end.\n"  \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: kubectl get pods | grep -q api\n"                                          \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: kubectl get pods | grep api > /dev/null\n"                                 \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: pg_restore --list dcmms.dump | head -20\n"                                 \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: pg_restore --list dcmms.dump | sed -n 1,20p\n")                            \
    X(544, RB_DIAG_WARNING, "grep that succeeds when things are broken",                   \
      "`grep` succeeds when it finds what it looks for. Looking for errors, the step\n"    \
      "passes when there are some, and fails when all is well.\n"                          \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: kubectl get pods | grep -E 'CrashLoop|Error'\n"                            \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      if kubectl get pods | grep -E 'CrashLoop|Error'; then exit 1; fi\n")          \
    X(545, RB_DIAG_WARNING, "pg_restore and plain SQL",                                    \
      "`pg_restore` reads the formats of `pg_dump -Fc`, `-Fd` and `-Ft`. A dump in\n"      \
      "plain SQL, which is what pg_dump writes by itself, it refuses: \"input file\n"      \
      "appears to be a text format dump. Please use psql.\"\n"                             \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: pg_restore --list backup.sql\n"                                            \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      pg_dump -Fc -f backup.dump dcmms\n"                                           \
      "      pg_restore --list backup.dump\n")                                             \
    X(546, RB_DIAG_WARNING, "a secret among the arguments",                                \
      "The arguments of a program can be read by everybody on the machine for as long\n"   \
      "as it runs, and end up in audit logs. Hand a secret over in the environment, in\n"  \
      "a file, or on standard input.\n"                                                    \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: curl --fail -H \"Authorization: Bearer $TOKEN\" https://example.org\n"     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      curl --fail -H @- https://example.org <<< \"Authorization: Bearer $TOKEN\"\n") \
    X(547, RB_DIAG_WARNING, "SQL that the shell would run",                                \
      "The line is SQL, and the shell looks for a program of the name of its first\n"      \
      "word. Give it to psql, on its standard input, and tell psql to stop at the\n"       \
      "first error.\n"                                                                     \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: SELECT count(*) FROM orders;\n"                                            \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    run: |\n"                                                                       \
      "      psql -v ON_ERROR_STOP=1 <<'SQL'\n"                                            \
      "      SELECT count(*) FROM orders;\n"                                               \
      "      SQL\n") \
    X(560, RB_DIAG_WARNING, "a result that never grows old",                          \
      "`needs` asks for a result that is young enough, and how long a result counts is said by\n" \
      "`fresh_for` in the step that gives it. Without that it counts for ever.\n"     \
      "\n"                                                                            \
      "Wrong:\n"                                                                      \
      "\n"                                                                            \
      "    - {id: backup, run: ./backup}\n"                                           \
      "    - {id: migrate, run: ./migrate, needs: [backup]}\n"                        \
      "\n"                                                                            \
      "Right:\n"                                                                      \
      "\n"                                                                            \
      "    - {id: backup, run: ./backup, fresh_for: 15m}\n"                           \
      "    - {id: migrate, run: ./migrate, needs: [backup]}\n") \
    X(561, RB_DIAG_WARNING, "a `fresh_for` that nobody asks about",                   \
      "A result that is older than its `fresh_for` is made anew by a later step that says\n" \
      "`needs`. Where none does, its age makes no difference.\n"                      \
      "\n"                                                                            \
      "Wrong:\n"                                                                      \
      "\n"                                                                            \
      "    - {id: backup, run: ./backup, fresh_for: 15m}\n"                           \
      "    - {id: migrate, run: ./migrate}\n"                                         \
      "\n"                                                                            \
      "Right:\n"                                                                      \
      "\n"                                                                            \
      "    - {id: backup, run: ./backup, fresh_for: 15m}\n"                           \
      "    - {id: migrate, run: ./migrate, needs: [backup]}\n")
/* clang-format on */
