#pragma once
/* RB04xx: references. */

/* clang-format off */
#define RB_DIAG_CODES_REFS(X)                                                              \
    X(401, RB_DIAG_ERROR, "unknown step",                                                  \
      "The expression, or the `made_by` of a connection, refers to a step that this\n"     \
      "runbook does not have. A reference to something that does not exist is found\n"     \
      "before the run and is never an empty value during it. Steps are named by their\n"   \
      "`id`, in all of the file, also inside groups.\n"                                    \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: backup\n"                                                                 \
      "      run: pg_dump -Fc dcmms > dcmms.dump\n"                                        \
      "    - id: migrate\n"                                                                \
      "      when: steps.back_up.status == 'passed'\n"                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: migrate\n"                                                                \
      "      when: steps.backup.status == 'passed'\n")                                     \
    X(402, RB_DIAG_ERROR, "unknown member of a step",                                      \
      "A step has `status`, `outputs`, `attempts`, `exit`, `stdout` and `stderr`, and\n"   \
      "nothing else. What a step found out and a later one needs is declared under\n"      \
      "`outputs` and read as steps.ID.outputs.NAME.\n"                                     \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    when: steps.backup.state == 'passed'\n"                                         \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    when: steps.backup.status == 'passed'\n")                                       \
    X(403, RB_DIAG_ERROR, "a step that has not run yet",                                   \
      "The expression is evaluated before the step that it refers to has ended: that\n"    \
      "one stands further down, is a group around this one, is in another branch of\n"     \
      "the same `parallel`, or is this step itself.\n"                                     \
      "There is nothing to see yet, and a run that read it as empty would decide by\n"     \
      "it. Within `check`, `outputs` and `retry.when`, the outcome of the step itself\n"   \
      "is `result`.\n"                                                                     \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: count\n"                                                                  \
      "      run: wc -l < orders.csv\n"                                                    \
      "      check: tonumber(steps.count.stdout) > 0\n"                                    \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: count\n"                                                                  \
      "      run: wc -l < orders.csv\n"                                                    \
      "      check: tonumber(result.stdout) > 0\n")                                        \
    X(404, RB_DIAG_WARNING, "a step that may not have run",                                \
      "The step that is referred to runs only under a condition, or the run goes on\n"     \
      "when it fails. Then it has no outputs, and the expression fails in the middle\n"    \
      "of the run. Look at its status first, in the expression or in a `when` around\n"    \
      "it, or give both steps the same `when`.\n"                                          \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: dump\n"                                                                   \
      "      when: params.backup\n"                                                        \
      "      run: pg_dump -Fc dcmms > dcmms.dump; stat -c %s dcmms.dump\n"                 \
      "      outputs: {bytes: tonumber(result.stdout)}\n"                                  \
      "    - id: report\n"                                                                 \
      "      run: echo ${{ steps.dump.outputs.bytes }}\n"                                  \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: report\n"                                                                 \
      "      when: steps.dump.status == 'passed'\n"                                        \
      "      run: echo ${{ steps.dump.outputs.bytes }}\n")                                 \
    X(405, RB_DIAG_WARNING, "a step that runs several times",                              \
      "The step that is referred to runs once for each element of a `for_each`, and\n"     \
      "outside of the loop only its last run is seen. What all of them found out is\n"     \
      "collected by a step of its own, or used inside the loop.\n"                         \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: count\n"                                                                  \
      "      for_each: [orders, invoices]\n"                                               \
      "      exec: [wc, -l, --, \"${{ item }}\"]\n"                                        \
      "      outputs: {lines: tonumber(result.stdout:match('%d+'))}\n"                     \
      "    - id: report\n"                                                                 \
      "      run: echo ${{ steps.count.outputs.lines }}\n"                                 \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: each\n"                                                                   \
      "      for_each: [orders, invoices]\n"                                               \
      "      steps:\n"                                                                     \
      "        - id: count\n"                                                              \
      "          exec: [wc, -l, --, \"${{ item }}\"]\n"                                    \
      "          outputs: {lines: tonumber(result.stdout:match('%d+'))}\n"                 \
      "        - id: report\n"                                                             \
      "          run: echo ${{ steps.count.outputs.lines }}\n")                            \
    X(406, RB_DIAG_ERROR, "undeclared output",                                             \
      "The step has no output of this name. What a later step refers to is declared\n"     \
      "where it comes from, so that a reader of the runbook finds it there, and so\n"      \
      "that it is recorded. The outputs of an `ask` step are its fields.\n"                \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: backup\n"                                                                 \
      "      run: pg_dump -Fc dcmms > dcmms.dump && echo dcmms.dump\n"                     \
      "    - id: verify\n"                                                                 \
      "      run: pg_restore --list ${{ steps.backup.outputs.file }}\n"                    \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: backup\n"                                                                 \
      "      run: pg_dump -Fc dcmms > dcmms.dump && echo dcmms.dump\n"                     \
      "      outputs: {file: 'result.stdout:match(\"[^\\n]+\")'}\n")                       \
    X(407, RB_DIAG_ERROR, "unknown parameter",                                             \
      "The expression refers to a parameter that is not declared under `params`.\n"        \
      "Declaring it gives it a type, and whoever starts the run gives it a value.\n"       \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    params:\n"                                                                      \
      "      version: {type: string}\n"                                                    \
      "    steps:\n"                                                                       \
      "      - id: show\n"                                                                 \
      "        run: echo ${{ params.verison }}\n"                                          \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    steps:\n"                                                                       \
      "      - id: show\n"                                                                 \
      "        run: echo ${{ params.version }}\n")                                         \
    X(408, RB_DIAG_ERROR, "unknown variable",                                              \
      "The expression refers to a variable that is not declared under `vars`. A\n"         \
      "variable that only some environments have is unknown when none of them, or\n"       \
      "another one, is chosen: give it a value under `vars` that the environments\n"       \
      "replace.\n"                                                                         \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    vars: {db_host: localhost}\n"                                                   \
      "    steps:\n"                                                                       \
      "      - id: show\n"                                                                 \
      "        run: echo ${{ vars.dbhost }}\n"                                             \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    steps:\n"                                                                       \
      "      - id: show\n"                                                                 \
      "        run: echo ${{ vars.db_host }}\n")                                           \
    X(409, RB_DIAG_ERROR, "unknown member",                                                \
      "`run` has the members id, operator and started; `result` has duration, exit,\n"     \
      "exits, killed, ok, signal, stderr and stdout. Of Lua's own tables math, string,\n"  \
      "table and utf8 there is what gives the same in every run: no random numbers, no\n"  \
      "dump, no sizes of the machine. The members of the standard library's modules are\n" \
      "in docs/stdlib.md.\n"                                                               \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    check: result.output == 'done'\n"                                               \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    check: result.stdout == 'done'\n")                                              \
    X(410, RB_DIAG_ERROR, "a name that is not written out",                                \
      "`params`, `vars` and `steps` are looked into by names that stand in the text.\n"    \
      "With a name that is only known during the run, nobody could tell before it\n"       \
      "whether what is meant exists and has run. To choose between several values,\n"      \
      "write them all.\n"                                                                  \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    vars: {host: \"${{ params[environment] }}\"}\n"                                 \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    vars:\n"                                                                        \
      "      host: \"${{ environment == 'production' and params.host or 'localhost' }}\"\n") \
    X(411, RB_DIAG_ERROR, "unknown name",                                                  \
      "Nothing of this name exists for an expression. Expressions see params, vars,\n"     \
      "environment, steps, run, the loop variable, `result` where there is one, the\n"     \
      "modules of the standard library, and a part of Lua's own functions. They reach\n"  \
      "the clock, files and programs only by those modules (time.now(), fs.read),\n"  \
      "whose answers are recorded.\n"                                                      \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    when: enviroment == 'production'\n"                                             \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    when: environment == 'production'\n")                                           \
    X(412, RB_DIAG_ERROR, "no `result` here",                                              \
      "`result` is the outcome under examination, and exists only in `check`,\n"           \
      "`outputs` and `retry.when`. A later step sees what was declared as an output; a\n"  \
      "`gate`, a `probe` and a `when` ask for themselves.\n"                               \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: copy\n"                                                                   \
      "      run: cp a b\n"                                                                \
      "      probe: result.exit == 0\n"                                                    \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: copy\n"                                                                   \
      "      run: cp a b\n"                                                                \
      "      probe: sh.exec{\"cmp\", \"-s\", \"a\", \"b\"}.ok\n")                          \
    X(413, RB_DIAG_ERROR, "a loop variable outside of its loop",                           \
      "A loop variable has a value inside the step with the `for_each`, for each\n"        \
      "element anew. Behind the loop there is no element any more, and the `when` and\n"   \
      "the `for_each` of the step itself are decided once, before the first one.\n"        \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: restart\n"                                                                \
      "      for_each: [web1, web2]\n"                                                     \
      "      as: host\n"                                                                   \
      "      when: host ~= params.skip\n"                                                  \
      "      exec: [ssh, --, \"${{ host }}\", sudo systemctl restart web]\n"               \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    - id: all\n"                                                                    \
      "      for_each: [web1, web2]\n"                                                     \
      "      as: host\n"                                                                   \
      "      steps:\n"                                                                     \
      "        - id: restart\n"                                                            \
      "          when: host ~= params.skip\n"                                              \
      "          exec: [ssh, --, \"${{ host }}\", sudo systemctl restart web]\n")          \
    X(414, RB_DIAG_ERROR, "assignment to something that is not yours",                     \
      "Expressions decide and change nothing: what they could assign to would be gone\n"   \
      "with the next expression, or would change what another one sees. A variable of\n"   \
      "your own is declared with `local`.\n"                                               \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    lua: |\n"                                                                       \
      "      total = 0\n"                                                                  \
      "      return {total = total + params.count}\n"                                      \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    lua: |\n"                                                                       \
      "      local total = 0\n"                                                            \
      "      return {total = total + params.count}\n")                                     \
    X(415, RB_DIAG_ERROR, "a variable that is not set yet",                                \
      "Variables are set from top to bottom, once, before the first step. One can be\n"    \
      "made of those above it, and not of those below it or of itself.\n"                  \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    vars:\n"                                                                        \
      "      url: \"https://${{ vars.host }}/\"\n"                                         \
      "      host: example.org\n"                                                          \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    vars:\n"                                                                        \
      "      host: example.org\n"                                                          \
      "      url: \"https://${{ vars.host }}/\"\n")                                        \
    X(416, RB_DIAG_ERROR, "unknown secret",                                                \
      "There is no secret of this name under `secrets`, or only in an environment that was\n" \
      "not chosen.\n"                                                                      \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    secrets:\n"                                                                     \
      "      db_password: {env: PGPASSWORD}\n"                                             \
      "    env: {PGPASSWORD: \"${{ secrets.db_pasword }}\"}\n"                             \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    secrets:\n"                                                                     \
      "      db_password: {env: PGPASSWORD}\n"                                             \
      "    env: {PGPASSWORD: \"${{ secrets.db_password }}\"}\n")                           \
    X(417, RB_DIAG_ERROR, "a secret where it would be seen",                               \
      "A secret has no text that an expression could see, compare or put into another text:\n" \
      "it would be in the record, on the screen, or among the arguments of a program, which\n" \
      "everybody on the machine can read. A program gets it in its environment, as its\n"   \
      "standard input or in a file in memory, a service in `auth` or a header, a database\n" \
      "as `password`, and there it is the whole value; only in a file text may stand around\n" \
      "it: `env: {PGPASSFILE: {file: \"db:5432:app:admin:${{ secrets.db }}\"}}`.\n"      \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    run: psql \"postgres://app:${{ secrets.db }}@db/app\" -c 'select 1'\n"          \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    env: {PGPASSWORD: \"${{ secrets.db }}\"}\n"                                     \
      "    run: psql -h db -U app -c 'select 1' app\n"                                     \
      "\n"                                                                                 \
      "A check hands it to the program that it asks:\n"                                    \
      "\n"                                                                                 \
      "    check: sh.exec{\"psql\", \"-c\", \"select 1\", env = {PGPASSWORD = secrets.db}}.ok\n") \
    X(418, RB_DIAG_ERROR, "a secret that every program gets",                              \
      "The variable that the secret is read from is one that every program of the run gets\n" \
      "as well, and that is written into the record with the others: it would be no secret.\n" \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    secrets:\n"                                                                     \
      "      token: {env: API_TOKEN}\n"                                                    \
      "    inherit_env: [API_TOKEN]\n"                                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    secrets:\n"                                                                     \
      "      token: {env: API_TOKEN}\n"                                                    \
      "    steps:\n"                                                                       \
      "      - id: publish\n"                                                              \
      "        env: {API_TOKEN: \"${{ secrets.token }}\"}\n"                               \
      "        run: ./publish.sh\n") \
    X(420, RB_DIAG_ERROR, "unknown connection",                                            \
      "A step or a check goes over a connection that the runbook does not declare. In Lua\n" \
      "it is looked at where the name is written out, as in pg.query(\"replica\", ...).\n"  \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    connections:\n"                                                                 \
      "      api: {type: http, url: \"https://api.example.org\"}\n"                        \
      "    steps:\n"                                                                       \
      "      - id: health\n"                                                               \
      "        connection: app\n"                                                          \
      "        http: {url: /health}\n"                                                     \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    connections:\n"                                                                 \
      "      api: {type: http, url: \"https://api.example.org\"}\n"                        \
      "    steps:\n"                                                                       \
      "      - id: health\n"                                                               \
      "        connection: api\n"                                                          \
      "        http: {url: /health}\n")                                                    \
    X(421, RB_DIAG_ERROR, "another type of connection",                                    \
      "An `http` step goes over a connection of the type http, prometheus or s3, an `sql`\n" \
      "step over one of the type postgres, and `notify` over slack, webhook or smtp: only\n" \
      "these take a message. The same holds for the modules of Lua: `pg` asks a postgres,\n" \
      "`prom` a prometheus, `http` what an `http` step can go over.\n"                      \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    connections:\n"                                                                 \
      "      api: {type: http, url: \"https://api.example.org\"}\n"                        \
      "    steps:\n"                                                                       \
      "      - id: count\n"                                                                \
      "        connection: api\n"                                                          \
      "        sql: select count(*) from work_orders\n"                                    \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    connections:\n"                                                                 \
      "      replica: {type: postgres, host: db-replica, dbname: dcmms, read_only: true}\n" \
      "    steps:\n"                                                                       \
      "      - id: count\n"                                                                \
      "        connection: replica\n"                                                      \
      "        sql: select count(*) from work_orders\n")                                   \
    X(422, RB_DIAG_ERROR, "a name of SQL outside of SQL",                                  \
      "`sql.ident(...)` gives the name of a table or column, which is quoted where the\n"  \
      "text of a statement is put together. It can stand in the text of an `sql` step,\n"  \
      "with nothing else in its braces, and in the list that is the text of `pg.query`.\n" \
      "Anywhere else nobody would quote it.\n"                                             \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    sql: select count(*) from ${{ sql.ident(params.table) .. '_old' }}\n"           \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    sql: select count(*) from ${{ sql.ident(params.table .. '_old') }}\n") \
    X(423, RB_DIAG_ERROR, "a URL that leads away from its connection",                     \
      "What a connection signs on with (`auth`, `headers`, `tls`) goes to the scheme, host\n" \
      "and port of its own `url` and nowhere else. A complete URL beside a `connection` has\n" \
      "to lead to the same; what a value gives is held against it before it is sent.\n"     \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    connections:\n"                                                                 \
      "      api: {type: http, url: \"https://api.example.org\"}\n"                        \
      "    steps:\n"                                                                       \
      "      - id: mirror\n"                                                               \
      "        connection: api\n"                                                          \
      "        http: https://mirror.example.org/health\n"                                  \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    steps:\n"                                                                       \
      "      - id: mirror\n"                                                               \
      "        http: https://mirror.example.org/health\n")                                 \
    X(431, RB_DIAG_ERROR, "unknown template",                                              \
      "`notify` names a template that the runbook does not declare.\n"                     \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    templates:\n"                                                                   \
      "      incident: \"${{ params.title }}: we look into it.\"\n"                        \
      "    steps:\n"                                                                       \
      "      - id: announce\n"                                                             \
      "        notify: {to: team, template: incidents}\n"                                  \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    templates:\n"                                                                   \
      "      incident: \"${{ params.title }}: we look into it.\"\n"                        \
      "    steps:\n"                                                                       \
      "      - id: announce\n"                                                             \
      "        notify: {to: team, template: incident}\n")                                  \
    X(432, RB_DIAG_ERROR, "a template and what is given to it",                            \
      "A template takes `${{ with.NAME }}`, alone in its braces, and each step that uses\n"\
      "the template gives a text of that name in `with`, and no other. What more there is\n"\
      "to work out is worked out in `with`.\n"                                             \
      "\n"                                                                                 \
      "Wrong:\n"                                                                           \
      "\n"                                                                                 \
      "    templates:\n"                                                                   \
      "      update: \"Status: ${{ with.status }}. ${{ with.next }}\"\n"                   \
      "    steps:\n"                                                                       \
      "      - id: tell\n"                                                                 \
      "        notify: {to: team, template: update, with: {status: mitigated}}\n"          \
      "\n"                                                                                 \
      "Right:\n"                                                                           \
      "\n"                                                                                 \
      "    templates:\n"                                                                   \
      "      update: \"Status: ${{ with.status }}. ${{ with.next }}\"\n"                   \
      "    steps:\n"                                                                       \
      "      - id: tell\n"                                                                 \
      "        notify:\n"                                                                  \
      "          to: team\n"                                                               \
      "          template: update\n"                                                       \
      "          with: {status: mitigated, next: The next update follows in an hour.}\n") \
    X(460, RB_DIAG_ERROR, "a step that can't be needed",                              \
      "`needs` names steps whose results have to be young when this step begins; one that is\n" \
      "older than its `fresh_for` is run again before. So it has to stand before this step: in\n" \
      "the same list, or in one around it, and in no loop that this step is not in. Steps of\n" \
      "`undo`, `on_failure` and `finally` begin whatever they find.\n" \
      "\n"                                                                            \
      "Wrong:\n"                                                                      \
      "\n"                                                                            \
      "    - {id: migrate, run: ./migrate, needs: [backup]}\n"                        \
      "    - {id: backup, run: ./backup, fresh_for: 15m}\n"                           \
      "\n"                                                                            \
      "Right:\n"                                                                      \
      "\n"                                                                            \
      "    - {id: backup, run: ./backup, fresh_for: 15m}\n"                           \
      "    - {id: migrate, run: ./migrate, needs: [backup]}\n")
/* clang-format on */
