"""What statements return, as a check sees it, on a real PostgreSQL."""

import pytest

from test_sql import base    # noqa: F401 (a fixture)


@pytest.mark.parametrize("text, why", [("select 1 where false", "no row was returned"),
                                       ("update orders set status = 'x'", "no row was returned"),
                                       ("select", "has no column")], ids=["row", "update", "column"])
@pytest.mark.parametrize("wanted", ["expect: {value: null}", "check: result.value == nil", "check: result.value ~= 'down'"],
                         ids=["expect", "nil", "other"])
def test_sql_no_row_is_no_value(base, text, wanted, why):
    """Nothing compares well with it, not even null and what it must not be."""
    done = base(f"""
  - id: look
    connection: primary
    sql: {text}
    {wanted}
""")
    assert done.code == 1 and why in done.err, done
    [failed] = base.runbook.named("attempt.failed")
    assert failed["reason"] == "unknown", failed
    assert base.runbook("replay", "last").code == 0


@pytest.mark.parametrize("expr, lua", [
    ("avg(x) from (values (1), (2)) t(x)", "1.5"), ("(1.0 / 3)::float8", "1 / 3"), ("0.1::float4", "0.1"),
    ("(0.1::float8 + 0.2)", "0.1 + 0.2"), ("'1e-310'::float8", "1e-310"), ("1.50000000000000000000", "1.5"),
    ("0.000000000123456789012345", "0.000000000123456789012345"), ("-100.00", "-100"), ("100::numeric", "100"), ("0.00", "0"),
    ("1234567890123456::numeric", '"1234567890123456"'), ("1.0 / 3", '"0.33333333333333333333"'),
    ("1000000000000000.10", '"1000000000000000.10"'), ("9223372036854775807", "9223372036854775807"),
    ("'NaN'::float8", '"NaN"'), ("'Infinity'::float4", '"Infinity"'), ("'NaN'::numeric", '"NaN"'), ("true", "true"),
    ("timestamp '2025-01-02 03:04'", '"2025-01-02 03:04:00"'), ("array[1,2]", '"{1,2}"'), ("'\\x0aff'::bytea", '"\\\\x0aff"'),
    ("'{\"a\": 1}'::json", """'{"a": 1}'"""), ("null::int", "nil")])
def test_sql_what_a_column_is_follows_from_its_type(base, expr, lua):
    """And not from how many digits there are today."""
    done = base(f"""
  - id: look
    connection: reader
    sql: |
      select {expr}
    check: |
      return result.value == {lua}, "it is a " .. type(result.value) .. ": " .. tostring(result.value)
""")
    assert done.code == 0, done


def test_sql_what_has_too_many_digits_is_named_with_its_remedy(base):
    done = base("""
  - id: look
    connection: reader
    sql: select 1.0 / 3 as third
    check: check.lt(result.value, 5, "a third")
""")
    assert done.code == 1 and "a number of 20 digits came as a text: round it in the query" in done.err, done


@pytest.mark.parametrize("text, more, why", [
    ("select 1 as a, 2 as b", "expect: {columns: [a, c]}", "the columns are a, b, expected a, c"),
    ("update orders set id = 1", "expect: {columns: [a]}", "the columns are none, expected a"),
    ("select 1 as a, 2 as a", "check: result.records[1].a == 2", "two columns are named a: name one of them with AS"),
    ("select 1 as a, null as a", "check: result.records[1].a == 1", "two columns are named a"),
    ("select repeat('x', 1000000) from generate_series(1, 20)", "check: result.records[1] ~= nil", "ask for fewer of them"),
    ("select repeat('x', 1000000) from generate_series(1, 20)", "expect: {value: x}", "the rows have 20000100 bytes, more than"),
], ids=["columns", "none", "twice", "twice-null", "bytes", "bytes-value"])
def test_sql_what_rows_can_not_be_looked_at_is_told_with_its_remedy(base, text, more, why):
    done = base(f"""
  - id: look
    connection: primary
    sql: {text}
    {more}
""")
    assert done.code == 1 and why in done.err, done


def test_sql_two_columns_of_one_name_have_a_value(base):
    assert base("""
  - id: look
    connection: reader
    sql: select 1 as a, 2 as a
    expect: {value: 1, columns: [a, a], rows: 1}
""").code == 0


def test_sql_null_is_a_value(base):
    assert base("""
  - id: look
    connection: primary
    sql: select null::int
    expect: {value: null, rows: 1}
    check: result.value == nil
  - {id: gate, gate: 'pg.query("reader", "select null").value == nil'}
""").code == 0
