"""Gain and who hears whom from the page, by pointer and by key: shown there, told by the API, heard at the phones."""

import asyncio

import numpy as np
import pytest
from playwright.sync_api import expect

from hil_tests import browser, g711, measure
from hil_tests.table_talk import conference, leave, talk
from hil_tests.wav import RATE_HZ

pytestmark = [
    pytest.mark.hil,
    pytest.mark.once,
    pytest.mark.skipif(not browser.available(), reason="needs Debian's chromium"),
]
TONES_HZ, AMPLITUDE = (600, 1000, 1400), 4000
SOFTER_DB = -12
LOUDER_DB = 6
SLIDER_DB = (-24, 24)
SAME_DB = 1  # mu-law's steps beside a tone that is 18 dB louder
MINUS = "\u2212"


def tone(hz):
    return g711.encode(np.round(AMPLITUDE * np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)), g711.PCMU)


class Participant:
    """One participant on the page."""

    def __init__(self, page, name):
        self.page, self.name = page, name
        self.row = page.locator(f".member:has(.who[title*='{name}@'])")
        self.gain = self.row.locator("[aria-expanded]")
        self.slider = page.get_by_role("slider", name=f"Gain of {name}")
        self.automatic = page.get_by_role("button", name=f"Automatic gain of {name}")

    def hears(self, other):
        group = self.page.get_by_role("group", name=f"Whom {self.name}")
        return group.get_by_role("checkbox", name=other.name)


def by_keys(page, customer, coach):
    """The customer is made softer and hears the coach no more, without a pointer."""
    customer.gain.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # Mute
    page.keyboard.press("Tab")  # Put out
    page.keyboard.press("Tab")
    expect(customer.slider).to_be_focused()
    for _ in range(-SOFTER_DB):
        page.keyboard.press("ArrowLeft")
    expect(customer.gain).to_have_text(f"{MINUS}{-SOFTER_DB} dB", timeout=4000)
    expect(customer.slider).to_be_focused()
    customer.hears(coach).focus()
    page.keyboard.press("Space")
    expect(customer.row.locator(".hearing")).to_contain_text(f"does not hear {coach.name}@", timeout=4000)
    expect(coach.row.locator(".hearing")).to_contain_text(f"not heard by {customer.name}@")
    expect(customer.hears(coach)).to_be_focused()


def by_pointer(agent, coach):
    """The agent is made louder, the coach brought to the others' level, and he hears the agent no more and again."""
    agent.gain.click()
    box = agent.slider.bounding_box()
    thumb = 16  # it does not leave the track
    share = (LOUDER_DB - SLIDER_DB[0]) / (SLIDER_DB[1] - SLIDER_DB[0])
    agent.slider.click(position={"x": thumb / 2 + share * (box["width"] - thumb), "y": box["height"] / 2})
    expect(agent.gain).to_have_text(f"+{LOUDER_DB} dB", timeout=4000)
    coach.gain.click()
    coach.automatic.click()
    expect(coach.automatic).to_have_attribute("aria-pressed", "true", timeout=4000)
    coach.hears(agent).uncheck()
    expect(coach.row.locator(".hearing")).to_contain_text(f"does not hear {agent.name}@", timeout=4000)
    coach.hears(agent).check()
    expect(agent.row.locator(".hearing")).to_have_text("", timeout=4000)
    expect(coach.gain).to_have_text(f"auto {MINUS}3 dB", timeout=8000)  # -21.2 dBov to -24


def story_of_the_page(bench, names, artifacts):
    with browser.chromium() as chromium:
        visit = browser.Visit(chromium, bench.http)
        page = visit.page
        page.locator(".member").nth(2).wait_for(timeout=15000)
        agent, customer, coach = (Participant(page, name) for name in names)
        by_keys(page, customer, coach)
        by_pointer(agent, coach)
        assert visit.overflows() == 0
        visit.picture(artifacts / "sound.png")
        phone = browser.Visit(chromium, bench.http, dark=True, **browser.PHONE)
        Participant(phone.page, names[1]).gain.click()
        expect(Participant(phone.page, names[1]).slider).to_have_value(str(SOFTER_DB))
        phone.page.wait_for_timeout(500)
        assert phone.overflows() == 0
        phone.picture(artifacts / "sound-phone.png")
        assert visit.faults + phone.faults == []
        return [(one["gain_db"], one["gain_auto"]) for one in bench.conferences()[0]["members"]]


async def story(bench, artifacts):
    seats = await conference(bench, [("PCMU", tone(hz)) for hz in TONES_HZ])
    names = [f"seat{seat.call.caller.port}" for seat in seats]
    clicking = asyncio.create_task(asyncio.to_thread(story_of_the_page, bench, names, artifacts))
    while not clicking.done():
        await talk([seats], 50)
    told = await clicking
    await talk([seats], 250)
    await leave([seats])
    return seats, told


def heard_db(seat):
    """Levels of the three tones in dB of what was sent: the median of three seconds, after the last click."""
    pcm = g711.decode(seat.heard(), g711.PCMU)
    seconds = [pcm[-number * RATE_HZ :][:RATE_HZ] for number in (4, 3, 2)]
    return [
        float(np.median([measure.decibel(measure.amplitude(one, hz) / AMPLITUDE) for one in seconds]))
        for hz in TONES_HZ
    ]


@pytest.mark.limit_s(120)
def test_gain_and_who_hears_whom_are_set_from_the_page_and_heard(lone_board, artifacts, figures):
    seats, told = asyncio.run(story(lone_board(), artifacts))
    assert told[:2] == [(LOUDER_DB, False), (SOFTER_DB, False)]
    automatic_db, is_automatic = told[2]
    assert is_automatic and -4 < automatic_db < -2
    levels = [heard_db(seat) for seat in seats]
    figures.add(heard_db=levels)
    expected = (
        (None, SOFTER_DB, automatic_db),
        (LOUDER_DB, None, None),
        (LOUDER_DB, SOFTER_DB, None),
    )
    for row, wanted in zip(levels, expected, strict=True):
        for level, db in zip(row, wanted, strict=True):
            assert level < -35 if db is None else abs(level - db) < SAME_DB, levels
