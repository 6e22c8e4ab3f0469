"""docs/dcmms-coverage.md accounts for every check box, command and template of the written procedure, and
names only steps that there are."""

import csv
import glob
import os
import re

from conftest import ROOT


def written():
    rows = []
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/data/dcmms-sections-*.csv"))):
        with open(path, newline="") as f:
            rows += [(row["section"], row["text"]) for row in csv.DictReader(f)]
    return rows


def table_rows():
    """(section, as written, step) of the tables that have a step."""
    with open(os.path.join(ROOT, "docs/dcmms-coverage.md")) as f:
        for line in f:
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
            if len(cells) == 4 and re.fullmatch(r"`[a-z0-9.-]+`", cells[2]):
                yield cells[0], cells[1].replace("\\|", "|"), cells[2].strip("`")


def known_ids(runbook, name, *params):
    """Ids of the steps, and step.item of the checklists, of a plan."""
    done = runbook("plan", f"runbooks/dcmms/{name}.yaml", "-e", "demo", *params, "--output", "json")
    assert done.code == 0, done
    return done.out


def test_everything_written_has_its_step():
    assert [(section, text) for section, text, _ in table_rows()] == written()


def test_every_step_that_is_named_exists(runbook):
    release = ("-p", "release=v1.2.0", "-p", "backups=/tmp")
    day = ("-p", "production_at=2025-11-26T10:00:00Z")
    incident = [word for name in ("title", "impact", "effect", "commander", "war_room")
                for word in ("-p", name + "=x")]
    deploy = known_ids(runbook, "release", *release, "-p", "previous=v1.1.0", "-p", "repository=.", *day)
    texts = {"1": deploy, "m": deploy, "2": known_ids(runbook, "pre-deployment", *release, "-p", "previous=v1.1.0",
                            "-p", "repository=.", *day),
             "3": known_ids(runbook, "database-migration", *release),
             "4": known_ids(runbook, "feature-flag-ramp", "-p", "flag=x") +
             known_ids(runbook, "service-deployment", "-p", "release=v1.2.0", "-p", "previous=v1.1.0"),
             "6": known_ids(runbook, "validation", "-p", "release=v1.2.0"),
             "5": known_ids(runbook, "feature-flag-ramp", "-p", "flag=x") +
             known_ids(runbook, "rollback", "-p", "release=v1.2.0", "-p", "previous=v1.1.0",
                       "-p", "incident=INC-1", "-p", "commander=x"),
             "7": known_ids(runbook, "emergency-database", "-p", "incident=INC-1") +
             known_ids(runbook, "incident", *incident)}
    for section, _, step in table_rows():
        for name in step.split("."):
            assert f'"id": "{name}"' in texts[section[0]], f"{step} of section {section}"
