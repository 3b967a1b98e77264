"""A crowded board names its participants in turns; the server keeps the names."""

import json

from parleyd.report import BoardReport, parse_report

FACTS = {"firmware": "1", "boot": "ab", "board": "virtual", "codecs": ["PCMU"], "legs": 16, "slots": 8}


def report(live=(), brief=(), boot="ab") -> BoardReport:
    body = {**FACTS, "boot": boot, "live": list(live), "brief": list(brief)}
    return parse_report(json.dumps(body).encode())


def named(slot, generation, count):
    numbers = list(range(1, count + 1))
    return [slot, generation, 8, [f"sip:{number}@a" for number in numbers], numbers, [], False]


def test_whoever_is_not_named_is_counted_and_his_conference_is_live():
    told = report([named(0, 7, 2)], [[1, 9, 4, 3, True]])
    assert [(one.slot, one.generation, one.size, one.locked) for one in told.live] == [
        (0, 7, 8, False),
        (1, 9, 4, True),
    ]
    assert (told.connected, told.brief) == (5, [])


def test_names_told_before_are_kept_while_as_many_are_there():
    before = report([named(0, 7, 2), named(1, 9, 3)])
    same, fewer = [0, 7, 8, 2, True], [1, 9, 8, 2, False]
    after = report([], [same, fewer]).with_names_of(before)
    assert [(one.participants, one.numbers, one.unnamed) for one in after.live] == [
        (["sip:1@a", "sip:2@a"], [1, 2], 0),
        ([], [], 2),
    ]
    assert (after.live[0].locked, after.connected) == (True, 4)


def test_names_of_another_boot_or_generation_are_not_kept():
    before = report([named(0, 7, 2)])
    assert report([], [[0, 7, 8, 2, False]], boot="cd").with_names_of(before).live[0].participants == []
    assert report([], [[0, 8, 8, 2, False]]).with_names_of(before).live[0].participants == []


def test_one_slot_has_one_conference():
    body = {**FACTS, "live": [named(0, 7, 2)], "brief": [[0, 8, 4, 2, False]]}
    try:
        parse_report(json.dumps(body).encode())
    except Exception as error:
        assert "two live conferences" in str(error)
    else:
        raise AssertionError("accepted")
