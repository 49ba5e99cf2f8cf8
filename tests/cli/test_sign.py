"""``dms-backfill sign``."""

import json

import pytest

KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "testid", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "testsecret"}
CALL = ("BackFill", "DagId=15001")
STRING = (
    "POST&%2F&AccessKeyId%3Dtestid%26Action%3DBackFill%26DagId%3D15001%26Format%3DJSON%26SignatureMethod%3DHMAC-SHA1"
    "%26SignatureNonce%3Dn1%26SignatureVersion%3D1.0%26Timestamp%3D2022-01-14T08%253A00%253A00Z%26Version%3D2018-11-01"
)
FIXED = ("--nonce", "n1", "--timestamp", "2022-01-14T08:00:00Z")


def test_it_shows_canonical_string_string_to_sign_and_signature_and_not_the_secret(command):
    done = command("sign", *CALL, *FIXED, **KEY)
    assert done.stdout == (
        "Canonical query string\n"
        "  AccessKeyId=testid&Action=BackFill&DagId=15001&Format=JSON&SignatureMethod=HMAC-SHA1&SignatureNonce=n1"
        "&SignatureVersion=1.0&Timestamp=2022-01-14T08%3A00%3A00Z&Version=2018-11-01\n\n"
        f"String to sign\n  {STRING}\n\nSignature\n  2HQwuzAiog4OL1LEvJouhDpe8oI=\n"
    )
    assert "testsecret" not in done.stdout + done.stderr


@pytest.mark.parametrize("signature", ["rpc", "rpc-sha256", "acs3", "acs3-sm3"])
def test_the_service_accepts_what_it_signs(command, service, signature):
    signed = json.loads(command("sign", "ListTaskFlow", "--signature", signature, "--json").stdout)
    assert command("call", "ListTaskFlow", "--signature", signature).returncode == 0
    assert signed["string_to_sign"].startswith("ACS3-" if signature.startswith("acs3") else "POST&")
    assert signed["canonical"].startswith("POST\n" if signature.startswith("acs3") else "AccessKeyId=testid&")


def test_it_points_at_the_place_where_the_server_s_string_parts(command):
    theirs = STRING.replace("15001", "15002")
    done = command("sign", *CALL, "--server-string", f"the server string to sign is:{theirs}", **KEY)
    ours, service, caret = done.stdout.splitlines()[-3:]
    place = caret.index("^")
    assert (ours[place], service[place]) == ("1", "2")
    assert ours[:place].removeprefix("  above  ") == service[:place].removeprefix("  service")
    assert f"at character {STRING.index('15001') + 5}:" in done.stdout


def test_the_same_string_means_another_secret(command):
    done = command("sign", *CALL, "--server-string", STRING, **KEY)
    assert done.stdout.endswith("  It is the same, so the two sides have different secrets.\n")
    assert json.loads(command("sign", *CALL, "--server-string", STRING, "--json", **KEY).stdout)["differs_at"] is None


def test_a_canonical_request_of_the_service_is_compared_with_ours(command):
    ours = json.loads(command("sign", *CALL, *FIXED, "--signature", "acs3", "--json", **KEY).stdout)["canonical"]
    theirs = ours.replace("x-acs-date:2022", "x-acs-date:2023")
    done = command("sign", *CALL, *FIXED, "--signature", "acs3", "--server-string", theirs, "--json", **KEY)
    assert json.loads(done.stdout)["differs_at"] == ours.index("x-acs-date:2022") + len("x-acs-date:202")


@pytest.mark.parametrize(
    "arguments",
    [("--timestamp", "yesterday"), ("--server-string", STRING.replace("2022-01-14T08%253A00%253A00Z", "yesterday"))],
)
def test_a_time_that_is_none_is_refused(command, arguments):
    done = command("sign", *CALL, *arguments, **KEY)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "'yesterday' is no time; write it like 2022-01-14T08:00:00Z.\n"
