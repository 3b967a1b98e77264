"""Log lines: one JSON object each, in order, written together."""

import asyncio
import io
import json
import logging
import re

import structlog

from parleyd.log_lines import Lines, Stamp, as_json, json_logger


def test_a_line_is_json_with_the_time():
    fields = Stamp()(None, "info", {"event": "offered", "path": io.StringIO})
    row = json.loads(as_json(None, "info", fields))
    assert row["event"] == "offered" and "StringIO" in row["path"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["timestamp"])


def test_without_a_loop_nothing_waits():
    target = io.StringIO()
    Lines(target).msg("one")
    assert target.getvalue() == "one\n"


def test_the_lines_of_a_turn_are_written_together():
    target = io.StringIO()
    lines = Lines(target)

    async def turn():
        lines.info("one")
        lines.warning("two")
        assert target.getvalue() == ""
        await asyncio.sleep(0)
        assert target.getvalue() == "one\ntwo\n"
        lines.info("three")
        await asyncio.sleep(0)

    asyncio.run(turn())
    assert target.getvalue() == "one\ntwo\nthree\n"


def test_a_logger_writes_what_is_of_its_level_with_all_that_it_was_told():
    target = io.StringIO()
    log = structlog.wrap_logger(Lines(target), wrapper_class=json_logger(logging.INFO)).bind(board='b"1')
    log.debug("not this")
    log.info("offered", size=2, ok=True, share=0.5, to=None, names=["a"])
    log.warning("lost")
    log.error("fault")
    first, *others = [json.loads(line) for line in target.getvalue().splitlines()]
    del first["timestamp"]
    told = {"board": 'b"1', "size": 2, "ok": True, "share": 0.5, "to": None, "names": ["a"]}
    assert first == {**told, "event": "offered", "level": "info"}
    assert [(row["event"], row["level"]) for row in others] == [("lost", "warning"), ("fault", "error")]
