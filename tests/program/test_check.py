"""runbook check: a runbook is looked at in each of its environments."""

BOOK = """\
runbook: deploy
environments:
  staging: {{vars: {{db_host: db.staging}}}}
  production: {{vars: {{{production}}}}}
steps:
  - id: go
    title: Go to ${{{{ vars.db_host }}}}
"""


def test_what_each_environment_has_is_there(runbook):
    book = runbook.write("book.yaml", BOOK.format(production="db_host: db.production"))
    done = runbook("check", book)
    assert (done.code, done.err) == (0, ""), done


def test_what_one_environment_lacks_is_found(runbook):
    book = runbook.write("book.yaml", BOOK.format(production="db_hots: db.production"))
    done = runbook("check", book)
    assert done.code == 1 and done.err.count("RB0408") == 1, done
    assert "no variable `db_host` in the environment production" in done.err, done
    assert "did you mean `db_hots`?" in done.err, done
    assert runbook("check", "-e", "staging", book).code == 0


def test_a_run_without_a_choice_is_refused(runbook):
    book = runbook.write("book.yaml", BOOK.format(production="db_host: db.production"))
    done = runbook("exec", book)
    assert done.code == 2 and "choose one, as in `-e staging`" in done.err, done


def test_findings_in_every_environment_are_told_once(runbook):
    book = runbook.write("book.yaml", BOOK.format(production="db_host: b")
                         + "  - {id: two, title: \"${{ vars.other }}\"}\n")
    done = runbook("check", book)
    assert done.code == 1 and done.err.count("RB0408") == 1, done


def test_a_parameter_that_an_environment_makes_needless_is_used(runbook):
    book = runbook.write("book.yaml", """\
runbook: deploy
params: {host: {type: string, default: localhost}}
vars: {db_host: "${{ params.host }}"}
environments: {production: {vars: {db_host: db}}}
steps:
  - id: go
    title: Go to ${{ vars.db_host }}
""")
    done = runbook("check", book)
    assert (done.code, done.err) == (0, ""), done
