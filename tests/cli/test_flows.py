"""``dms-backfill flows``."""

import json

LISTED = """\
   id  name           schedule       latest run
15001  daily_sales    not scheduled
15002  weekly_report  not scheduled
15003  year_end       not scheduled
15004  draft          invalid
"""


def test_it_lists_ids_names_and_schedules(command, service):
    done = command("flows")
    assert (done.stdout, done.stderr, done.returncode) == (LISTED, "", 0)


def test_it_says_how_the_latest_run_ended(command, service):
    command("run", "weekly_report", "2022-01-09", "--yes")
    (line,) = (line for line in command("flows").stdout.splitlines() if "weekly_report" in line)
    assert line.endswith(" failed")


def test_for_a_program_it_is_the_service_s_own_words(command, service):
    listed = json.loads(command("flows", "--json").stdout)
    assert (listed[0]["Id"], listed[0]["DagName"]) == (15001, "daily_sales")


def test_where_there_is_none_it_says_so(command, service):
    service.reset()
    assert command("flows").stdout == "There is no task flow that you may see.\n"


def test_flags_come_before_the_environment(command, service):
    done = command("flows", "--endpoint", "http://127.0.0.1:1")
    assert done.returncode == 3
    assert done.stderr.startswith("ListTaskFlowsByPage: Could not connect to 127.0.0.1:1")
    assert command("flows", DMS_BACKFILL_ENDPOINT="http://127.0.0.1:1").returncode == 3
    assert command("flows", DMS_BACKFILL_SIGNATURE="md5").returncode == 2
    assert command("flows", "--signature", "acs3", DMS_BACKFILL_SIGNATURE="rpc-sha256").returncode == 0
    assert "SignatureMethod" not in service.journal.of("ListTaskFlowsByPage")[-1].parameters  # as rpc-sha256 has it


def test_a_wrong_secret_is_one_sentence(command, service):
    done = command("flows", ALIBABA_CLOUD_ACCESS_KEY_SECRET="wrong")
    assert done.returncode == 3
    assert done.stderr.startswith("ListTaskFlowsByPage: SignatureDoesNotMatch")
    assert done.stderr.count("\n") == 1


def test_half_a_key_is_no_key_and_the_words_are_those_of_a_shell(command, service):
    done = command("flows", ALIBABA_CLOUD_ACCESS_KEY_SECRET="")
    assert done.returncode == 2
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set" in done.stderr
