"""What the user sees: JSON lines, the summary, exit codes, and the command line's own refusals."""

import io
import json
import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from parleyue import outcome
from parleyue.cli import app
from parleyue.outcome import Outcome, Result, judge
from parleyue.report import JsonReport, PeopleReport, QuietReport, Report, people_rows
from parleyue.summary import of_failure

IN = Result(200, "in the conference", notified=True)
OUT = Result(486, "did not take the call: 486 Busy Here", notified=False)
TOLD = Result(200, "told by MESSAGE", notified=False, told_only=True)


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([], outcome.OK),
        ([("bob", IN)], outcome.OK),
        ([("bob", IN), ("carol", OUT)], outcome.INVITEE_FAILED),
        ([("bob", TOLD)], outcome.NOT_NOTIFIED),
        ([("bob", IN), ("carol", None)], outcome.NOT_NOTIFIED),
        ([("bob", TOLD), ("carol", OUT)], outcome.INVITEE_FAILED),
    ],
)
def test_only_everybody_notified_is_success(results, code):
    assert judge(results).code == code


def test_every_exit_code_is_explained():
    codes = {value for name, value in vars(outcome).items() if name.isupper() and isinstance(value, int)}
    assert codes == set(outcome.MEANINGS)
    shown = CliRunner().invoke(app, ["call", "--help"]).output
    assert "Exit codes: 0 everybody is in" in shown


def test_a_json_line_for_each_step_and_the_summary_last():
    out = io.StringIO()
    report = JsonReport(out)
    report.step(12, "M2", "INVITE sent", to="sip:conference@127.0.0.1", mark=True, status=None)
    report.close({"t_ms": 90, "ok": True})
    first, last = [json.loads(line) for line in out.getvalue().splitlines()]
    assert first == {"t_ms": 12, "message": "M2", "event": "INVITE sent", "to": "sip:conference@127.0.0.1"}
    assert last == {"t_ms": 90, "message": "", "event": "summary", "ok": True}


def test_messages_keep_their_first_time_and_m8_its_last():
    report = Report()
    for t_ms in (5, 9):
        report.step(t_ms, "M6", "REFER sent", mark=True)
        report.step(t_ms + 1, "M8", "NOTIFY 200 received", mark=True)
        report.step(t_ms, "M2", "180 received")
    assert report.times_ms == {"M6": 5, "M8": 10}


def test_quiet_means_quiet_unless_it_failed(capsys):
    report = QuietReport()
    report.step(1, "M2", "INVITE sent")
    report.close({"ok": True, "outcome": "fine"})
    assert capsys.readouterr() == ("", "")
    report.close({"ok": False, "outcome": "nobody came"})
    assert capsys.readouterr() == ("", "nobody came\n")


def test_people_see_steps_problems_and_the_end(capsys):
    report = PeopleReport()
    report.step(12, "M4", "302 received", address="sip:token@127.0.1.1")
    report.step(20, "", "settled", to="sip:[bob]@127.0.0.1", problem="did not take the call")
    report.pulse(-12.0, -127.0)
    report.close(of_failure(Outcome(outcome.REFUSED, "the server refused: 503", 503, 5)))
    shown = capsys.readouterr().out
    assert "0.012 s  M4  302 received  sip:token@127.0.1.1" in shown
    assert "sip:[bob]@127.0.0.1  did not take the call" in shown  # brackets are no markup
    assert "the server refused: 503" in shown


def test_the_summary_in_rows():
    summary = of_failure(Outcome(outcome.OK, "fine")) | {
        "conference": "sip:token@127.0.1.1",
        "times_ms": {"M2": 0, "M4": 3},
        "invitees": [{"uri": "sip:bob@127.0.0.1", "result": "in the conference"}],
    }
    rows = dict(people_rows(summary))
    assert rows["messages"] == "M2 0 ms  M4 3 ms"
    assert rows["sip:bob@127.0.0.1"] == "in the conference"
    assert rows["packets"] == "0 sent, 0 received, 0 lost"


URI = "sip:conference@127.0.0.1:5060"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["call"], "Missing argument"),
        (["call", "conference"], "cannot be called"),
        (["call", "tel:110"], "cannot be called"),
        (["call", "sip:conference@127.0.0.1;transport=ws"], "this phone speaks udp"),
        (["call", URI, "--invite", "bob"], "cannot be called"),
        (["call", URI, "--carrier", "pigeon"], "pigeon"),
        (["call", URI, "--codec", "opus"], "opus"),
        (["call", URI, "--local", "5060"], "HOST:PORT"),
        (["call", URI, "--local", "0.0.0.0:5060"], "which address"),
        (["call", URI, "--local", "127.0.0.1:70000"], "HOST:PORT"),
        (["call", URI, "--user", "a b"], "SIP address"),
        (["call", URI, "--play", "/nowhere.wav"], "exist"),
        (["call", URI, "--duration", "-1"], ""),
        (["listen", "--calls", "0"], ""),
    ],
)
def test_bad_usage_is_exit_code_2_with_a_sentence(arguments, sentence):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == outcome.USAGE
    assert sentence in " ".join(result.output.replace("│", " ").split())


def closed_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_call_to_nobody_from_the_command_line(tmp_path):
    record = str(tmp_path / "out.wav")
    arguments = ["call", f"sip:x@127.0.0.1:{closed_port()}", "--json", "--record", record]
    result = CliRunner().invoke(app, arguments)
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert result.exit_code == outcome.NO_ANSWER
    assert lines[0]["message"] == "M2"
    assert lines[-1]["event"] == "summary"
    assert lines[-1]["exit_code"] == outcome.NO_ANSWER
    assert "nobody listens" in lines[-1]["outcome"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--record", "/nowhere/out.wav"], "/nowhere/out.wav: No such file or directory"),
        (["--local", "192.0.2.1:5060"], "cannot use 192.0.2.1 port 5060"),
        (["--play", __file__], "cannot read"),
    ],
)
def test_what_fails_on_this_machine_is_exit_code_1_with_a_sentence(arguments, sentence):
    result = CliRunner().invoke(app, ["call", f"sip:x@127.0.0.1:{closed_port()}", "--quiet", *arguments])
    assert result.exit_code == outcome.FAILED_HERE
    assert sentence in result.output


def test_listening_ends_after_its_duration():
    result = CliRunner().invoke(app, ["listen", "--local", "127.0.0.1:0", "--duration", "0.05", "--json"])
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert result.exit_code == outcome.OK
    assert lines[0]["event"] == "listening"
    assert lines[0]["address"].startswith("sip:")
    assert (lines[-1]["answered"], lines[-1]["joined"]) == (0, 0)


def test_the_command_line_is_imported_without_the_heavy_libraries():
    heavy = "{'numpy', 'soundfile', 'rich', 'parleyue.phone', 'parley.call.endpoint'}"
    code = f"import sys, parleyue.cli; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
