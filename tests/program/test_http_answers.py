"""What is expected of the answers of a web service, and what is known of them."""

import base64

import pytest

from test_http import service, web  # noqa: F401


@pytest.mark.parametrize("value, code", [("200", 0), ("204", 0), ("301", 1), ("404", 1), ("503", 1)])
def test_http_a_status_of_success_is_expected(web, value, code):
    done = web("""
  - id: ask
    connection: api
    http: {url: /status, query: {code: "${{ params.value }}"}}
""", "-p", "value=" + value)
    assert done.code == code, done
    if code:
        assert f"status {value}, expected 2xx" in done.err


@pytest.mark.parametrize("expect, why", [
    ("{status: [404, 3xx]}", "status 200, expected 404 or 3xx"),
    ("{header: {x-twice: /three/}}", "x-twice does not match three"),
    ("{header: {x-twice: two}}", "x-twice is not two: it is \"one, two\""),
    ("{header: {set-cookie: \"a=1; Path=/, b=2\"}}", "set-cookie is not"),
    ("{header: {set-cookie: /c=3/}}", "set-cookie does not match c=3: it is"),
    ("{header: {x-nothing: \"\"}}", "there is no header x-nothing"),
    ("{body: y}", "body is not y"),
    ("{json: {a: 1}}", "the body: not JSON: line 1, column 1"),
])
def test_http_what_was_expected_and_is_not_is_told(web, expect, why):
    done = web(f"""
  - id: ask
    connection: api
    http: /fields
    expect: {expect}
""")
    assert done.code == 1 and why in done.err, done


@pytest.mark.parametrize("judge, code", [
    ("expect: {json: {id: 1}}", 1), ("expect: {json: {id: '12345678901234567890'}}", 1),
    ("check: json.decode(result.body).id == json.decode(result.body).id", 1), ("expect: {json: {id: 12345678901234567890}}", 2)])
def test_http_an_integer_beyond_64_bits_is_equal_to_none(web, judge, code):
    """As floats 12345678901234567890 and 12345678901234567891 are one."""
    body = base64.urlsafe_b64encode(b'{"id": 12345678901234567890}').decode()
    done = web(f"""
  - id: ask
    connection: api
    http: /said/200/{body}
    {judge}
""")
    assert done.code == code and ("beyond 64 bits" if code == 1 else "too large for a number") in done.err, done
    assert code == 2 or "could not be decided" in done.err


@pytest.mark.parametrize("cookie", ["/^a=1; Path=.$/", "b=2"])
def test_http_a_header_that_comes_twice_is_one_text_but_for_cookies(web, cookie):
    """Of the cookies one as it is expected is enough."""
    done = web(f"""
  - id: ask
    connection: api
    http: /fields
    expect: {{header: {{Set-Cookie: {cookie}, x-twice: "one, two", x-empty: ""}}}}
    check: result.headers["set-cookie"][2] == "b=2" and result.headers["x-twice"] == "one, two"
""")
    assert done.code == 0, done


@pytest.mark.parametrize("check", ["not result.body:find('ERROR')", "result.body == ''", "result['body'] == nil"])
def test_http_nobody_has_looked_at_what_went_into_a_file(web, tmp_path, check):
    done = web(f"""
  - id: ask
    connection: api
    http: {{url: "/said/200/RVJST1I", to: "{tmp_path}/kept"}}
    check: "{check}"
""")
    assert done.code == 1 and "`to` put it into a file" in done.err and "could not be decided" in done.err, done
    assert (tmp_path / "kept").read_text() == "ERROR"


def test_http_what_refuses_a_file_is_there_to_be_read(web, tmp_path):
    done = web(f"""
  - id: ask
    connection: api
    http: {{url: "/said/404/RVJST1I", to: "{tmp_path}/kept"}}
    expect: {{status: 404}}
    check: result.body == "ERROR"
""")
    assert done.code == 0 and not (tmp_path / "kept").exists(), done
