"""Requests that are signed for S3, against a server that works out each signature itself
(tests/tools/http_server.py), as AWS has published how."""

import os
import types

import pytest

import http_server
from conftest import Service

HEAD = """
runbook: s3
params: {port: {type: integer}}
secrets: {key: {env: S3_SECRET}}
connections:
  backups: {type: s3, url: "http://127.0.0.1:${{ params.port }}/signed", region: eu-central-1,
            access_key: AKIDEXAMPLE, secret_key: "${{ secrets.key }}"}
defaults: {timeout: 20s}
steps:
"""


def test_s3_the_server_signs_as_aws_has_published():
    """"Example: GET Object" of the guide, with its date, its key and what has to come out."""
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = {"host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9",
               "x-amz-content-sha256": nothing, "x-amz-date": "20130524T000000Z"}
    request = types.SimpleNamespace(method="GET", target="/test.txt", header=headers.get)
    assert http_server.signature(request, "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request",
                                 "host;range;x-amz-content-sha256;x-amz-date",
                                 b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") == \
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


@pytest.mark.parametrize("secret, status", [("secret", 200), ("another", 403)])
def test_s3_a_file_is_put_with_a_signature(runbook, secret, status):
    dump = os.path.join(runbook.folder, "dump")
    with open(dump, "wb") as f:
        f.write(os.urandom(300000))
    path = runbook.write("s3.yaml", HEAD + f"""
  - id: upload
    connection: backups
    http: {{method: PUT, url: "/bucket/pre deployment/a+b.dump", file: {dump}}}
    expect: {{status: {status}}}
  - id: look
    connection: backups
    http: {{url: /bucket/, query: {{list-type: "2", prefix: "pre deployment/"}}}}
    expect: {{status: {status}}}
  - id: there
    gate: http.get("/bucket/key", {{connection = "backups"}}).status == {status}
""")
    with Service() as service:
        done = runbook("exec", path, "-p", f"port={service.port}", env={"S3_SECRET": secret})
    assert done.code == 0, done
    assert runbook("replay", "last").code == 0


def test_s3_no_message_goes_there(runbook):
    path = runbook.write("s3.yaml", HEAD + "  - id: a\n    notify: {to: backups, text: x}\n")
    done = runbook("check", path)
    assert done.code == 1 and "RB0421" in done.out + done.err, done
