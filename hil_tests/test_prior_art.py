"""The older ways of holding a conference beside ours; and the page that shows them."""

import copy

import pytest

from hil_tests import prior_art_page


def found_as_expected():
    rows = {
        model: dict(zip(prior_art_page.ROWS, answers, strict=True))
        | {"set_up_ms": [1, 2], "first_phone_cpu_ms_per_s": [3.0, 4.0]}
        for model, answers in prior_art_page.EXPECTED.items()
    }
    return {**rows, "unused_booking_held_s": 60.5}


def test_a_conference_that_met_another_is_told():
    found = found_as_expected()
    assert prior_art_page.missed(found) == []
    wrong = copy.deepcopy(found)
    wrong[prior_art_page.OURS]["heard_the_other_conference"] = True
    assert prior_art_page.missed(wrong) == ["Parley, ad hoc: heard the other conference: True"]


def test_the_table_has_a_column_for_each_way():
    lines = prior_art_page.figures(found_as_expected()).splitlines()
    assert {line.count("|") for line in lines if line.startswith("|")} == {6}
    assert "60.5 s" in lines[-1]


@pytest.mark.hil
@pytest.mark.soak
@pytest.mark.once
@pytest.mark.limit_s(300)
def test_conferences_are_held_in_each_way(tmp_path, figures):
    from hil_tests import prior_art

    found = prior_art.play(tmp_path, lambda name: None)
    figures.add(**found)
    assert prior_art_page.missed(found) == []
