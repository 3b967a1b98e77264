"""A crowded board names its participants in turns; the server keeps the names."""

import json

from parleyd.report import BoardReport, parse_report

FACTS = {"firmware": "1", "boot": "ab", "board": "virtual", "codecs": ["PCMU"], "legs": 16, "slots": 8}


def report(live=(), brief=(), boot="ab", pages=()) -> BoardReport:
    body = {**FACTS, "boot": boot, "live": list(live), "brief": list(brief), "pages": list(pages)}
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


def page(first, until, numbers, muted=()):
    return [0, 7, first, until, [f"sip:{number}@a" for number in numbers], list(numbers), list(muted), [], []]


def test_a_large_conference_is_named_page_by_page_and_those_who_left_are_forgotten_with_theirs():
    told = report([], [[0, 7, 9, 5, False]], pages=[page(0, 4, [1, 3], [3])]).with_names_of(None)
    assert (told.live[0].numbers, told.live[0].unnamed, told.connected) == ([1, 3], 3, 5)
    told = report([], [[0, 7, 9, 5, False]], pages=[page(4, 0, [4, 6, 8], [8])]).with_names_of(told)
    assert (told.live[0].numbers, told.live[0].unnamed) == ([1, 3, 4, 6, 8], 0)
    assert told.live[0].participants == ["sip:1@a", "sip:3@a", "sip:4@a", "sip:6@a", "sip:8@a"]
    assert told.live[0].muted == [3, 8]
    told = report([], [[0, 7, 9, 3, False]], pages=[page(4, 0, [6, 8])]).with_names_of(told)
    assert (told.live[0].numbers, told.connected, told.live[0].muted) == ([1, 3, 6, 8], 3, [3])
    told = report([], [[0, 7, 9, 3, True]]).with_names_of(told)  # no page this time
    assert (told.live[0].numbers, told.connected, told.live[0].locked) == ([1, 3, 6, 8], 3, True)
    told = report([], [[0, 7, 9, 3, False]], pages=[page(0, 4, [3])]).with_names_of(told)
    assert (sorted(told.live[0].numbers), told.live[0].unnamed) == ([3, 6, 8], 0)


def test_gains_and_who_is_unheard_come_and_go_with_their_page():
    first = [*page(0, 4, [1, 3]), [[1, 128], [3, 65535, 300]], [[1, 6], [3, 6]]]
    second = [*page(4, 0, [6, 8]), [[8, 512]], []]
    told = report([], [[0, 7, 9, 4, False]], pages=[first]).with_names_of(None)
    told = report([], [[0, 7, 9, 4, False]], pages=[second]).with_names_of(told)
    assert told.live[0].gains == [(1, 128, None), (3, 65535, 300), (8, 512, None)]
    assert told.live[0].unheard == [(1, 6), (3, 6)]
    first = [*page(0, 4, [1, 3]), [[3, 65535, 310]], [[3, 6]]]
    told = report([], [[0, 7, 9, 4, False]], pages=[first]).with_names_of(told)
    assert told.live[0].gains == [(8, 512, None), (3, 65535, 310)]
    assert told.live[0].unheard == [(3, 6)]


def test_one_slot_has_one_conference():
    body = {**FACTS, "live": [named(0, 7, 2)], "brief": [[0, 8, 4, 2, False]]}
    try:
        parse_report(json.dumps(body).encode())
    except Exception as error:
        assert "two live conferences" in str(error)
    else:
        raise AssertionError("accepted")
