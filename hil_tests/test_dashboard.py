"""The dashboard in a real browser, over a conference of real phones: levels, mute, ladder, end, by click and by key."""

import time

import pytest

from hil_tests import browser, talk
from hil_tests.processes import wait_until
from hil_tests.talk import Talk
from hil_tests.ues.baresip import Baresip
from hil_tests.ues.parley_ue import ParleyUe
from hil_tests.ues.pjsua import Pjsua

pytestmark = [
    pytest.mark.hil,
    pytest.mark.once,
    pytest.mark.skipif(not browser.available(), reason="needs Debian's chromium"),
]
LEVELS = """() => Object.fromEntries([...document.querySelectorAll('.member')].map(
  item => [item.querySelector('.who').title, +item.querySelector('[role=meter]').getAttribute('aria-valuenow')]))"""


def watch_levels(page, seconds: float) -> dict[str, list[int]]:
    """The levels that the page shows, -dBov by participant, looked at ten times a second."""
    seen: dict[str, list[int]] = {}
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        for uri, level in page.evaluate(LEVELS).items():
            seen.setdefault(uri, []).append(level)
        page.wait_for_timeout(100)
    return seen


def named(levels: dict, name: str):
    """The entry of the phone of that name."""
    (found,) = [value for uri, value in levels.items() if name in uri]
    return found


@pytest.mark.limit_s(120)
@pytest.mark.skipif(not Pjsua.available(), reason="pjsua2-python has no wheel for this Python")
def test_a_conference_of_real_phones_from_the_page(
    own_bench, capture_of, phone_of, hil_folder, artifacts, figures
):
    spoken = talk.tracks(hil_folder / "voices")
    bench = own_bench(boards=2)
    with browser.chromium() as chromium:
        visit = browser.Visit(chromium, bench.http)
        page = visit.page
        page.get_by_text("No conference yet").wait_for()
        page.get_by_text("2 of 2").wait_for()

        ue2 = phone_of(Pjsua, "ue2", play=spoken["ue2"])
        ue3 = phone_of(Baresip, "ue3", play=spoken["ue3"])
        ue1 = phone_of(ParleyUe, "ue1", play=spoken["ue1"], answer=False, invitees=(ue2.uri, ue3.uri))
        running = Talk(bench, [ue1, ue2, ue3], capture_of(bench, ue1, ue2, ue3), spoken)
        for phone in running.phones:
            phone.start()
        ue1.call(bench.server)
        page.locator(".member").nth(2).wait_for(timeout=15000)

        levels = watch_levels(page, 7)
        for name in ("ue1", "ue2", "ue3"):
            heard = named(levels, name)
            assert max(heard) > -35 and min(heard) < max(heard) - 20, (name, heard)  # speech and its pauses
            assert len(set(heard)) >= 5, (name, heard)
        visit.picture(artifacts / "wide.png")

        page.get_by_role("button", name="Mute ue2").click()
        page.locator(".member.muted").wait_for(timeout=3000)
        muted_s = time.time()
        (row,) = [c for c in bench.conferences() if c["state"] == "active"]
        assert [m["uri"] for m in row["members"] if m["muted"]] and len(row["members"]) == 3
        levels = watch_levels(page, 6)
        assert max(named(levels, "ue2")[5:]) == -127
        assert max(named(levels, "ue1")) > -35
        visit.picture(artifacts / "muted.png")
        pictures(visit, chromium, bench, artifacts)

        page.get_by_role("button", name="Messages of").click()
        ladder = page.locator("#ladder-drawing svg")
        ladder.wait_for()
        texts = ladder.text_content()
        assert all(word in texts for word in ("302 ", "INVITE", "200 OK", "ACK", "MESSAGE mute")), texts
        visit.picture(artifacts / "ladder.png", full=False)
        page.keyboard.press("Escape")

        page.get_by_role("button", name="End virtual").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="End virtual").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # what was focused first was "Cancel"
        page.get_by_text("No conference yet").wait_for(timeout=5000)
        wait_until(lambda: [e for e in ue2.events() if e.kind == "ended"], 5, "the BYE to PJSUA")
        assert visit.faults == []
    running.read()
    assert running.heard_after("ue3", "ue1", muted_s + 0.7)
    assert running.heard_after("ue1", "ue3", muted_s + 0.7)
    for listener in ("ue1", "ue3"):
        assert not running.heard_after(listener, "ue2", muted_s + 0.7, least_s=0.5), listener
    assert running.heard_after("ue2", "ue1", muted_s + 0.7)  # who is muted hears the others
    bench.wait_status(bench.idle, 12, "the conference's end")


def pictures(visit, chromium, bench, artifacts) -> None:
    """The same as on a telephone and in the dark; nothing may be wider than the window."""
    assert visit.overflows() == 0
    for name, options in (("phone", browser.PHONE), ("dark", {}), ("phone-dark", browser.PHONE)):
        other = browser.Visit(chromium, bench.http, dark="dark" in name, **options)
        other.page.locator(".member").nth(2).wait_for(timeout=8000)
        other.page.wait_for_timeout(1000)
        assert other.overflows() == 0, name
        other.picture(artifacts / f"{name}.png")
        assert other.faults == []
        other.page.close()


def test_boards_are_drained_by_keyboard_and_its_focus_can_be_seen(own_bench, artifacts):
    bench = own_bench(boards=2)
    with browser.chromium() as chromium:
        visit = browser.Visit(chromium, bench.http)
        page = visit.page
        page.get_by_role("button", name="Drain virtual-2").wait_for()
        names = visit.focus_order(4)
        assert names == ["Skip to conferences", "Copy", "Drain virtual-1", "Drain virtual-2"]
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Drain virtual-2?").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("draining", exact=True).wait_for(timeout=3000)
        assert [board.state for board in bench.boards()] == ["ready", "draining"]
        visit.picture(artifacts / "drained.png")
        assert bench.parley("board", "undrain", "virtual-2", "--http", bench.http).returncode == 0
        page.get_by_text("2 of 2").wait_for(timeout=3000)
        assert visit.faults == []


def test_signing_in_with_a_token(own_bench, artifacts):
    bench = own_bench(boards=1)
    state = ("--state", str(bench.state))
    token = bench.parley("token", "add", "anna", "--role", "viewer", *state).stdout.strip()
    assert token
    with browser.chromium() as chromium:
        visit = browser.Visit(chromium, bench.http)
        page = visit.page
        page.get_by_label("Token", exact=True).fill("guess")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("not known here").wait_for(timeout=3000)
        visit.picture(artifacts / "login.png", full=False)
        page.get_by_label("Token", exact=True).fill(token)
        page.keyboard.press("Enter")
        page.get_by_text("1 of 1").wait_for(timeout=3000)
        assert page.get_by_role("button", name="Drain").count() == 0  # a viewer looks on
