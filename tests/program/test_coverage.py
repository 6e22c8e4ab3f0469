"""docs/dcmms-coverage.md accounts for every check box and command of the written procedure, and
names only steps that there are."""

import csv
import os
import re

from conftest import ROOT


def written():
    with open(os.path.join(ROOT, "tests/data/dcmms-sections-2-3.csv"), newline="") as f:
        return [(row["section"], row["text"]) for row in csv.DictReader(f)]


def table_rows():
    """(section, as written, step) of the tables that have a step."""
    with open(os.path.join(ROOT, "docs/dcmms-coverage.md")) as f:
        for line in f:
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
            if len(cells) == 4 and re.fullmatch(r"`[a-z0-9.-]+`", cells[2]):
                yield cells[0], cells[1].replace("\\|", "|"), cells[2].strip("`")


def known_ids(runbook, name, *params):
    """Ids of the steps, and step.item of the checklists, of a plan."""
    done = runbook("plan", f"runbooks/dcmms/{name}.yaml", "-e", "demo", "-p", "release=v1.2.0",
                   "-p", "backups=/tmp", *params, "--output", "json")
    assert done.code == 0, done
    return done.out


def test_everything_written_has_its_step():
    assert [(section, text) for section, text, _ in table_rows()] == written()


def test_every_step_that_is_named_exists(runbook):
    texts = {"2": known_ids(runbook, "pre-deployment", "-p", "previous=v1.1.0", "-p", "repository=."),
             "3": known_ids(runbook, "database-migration")}
    for section, _, step in table_rows():
        for name in step.split("."):
            assert f'"id": "{name}"' in texts[section[0]], f"{step} of section {section}"
