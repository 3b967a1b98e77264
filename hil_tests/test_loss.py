"""A real server and real boards behind lines that lose SIP datagrams: RFC 3261's timers have to do it all."""

import asyncio
import json
import re
import time
import urllib.request

import pytest

from hil_tests.console import mpremote
from hil_tests.loss import LossyCaller, hold

pytestmark = [pytest.mark.hil, pytest.mark.soak]

CONFERENCES, PARTICIPANTS, AT_ONCE, BOARDS = 200, 3, 40, 4
REST_S = 75.0  # an unanswered BYE, then the server transactions it made; offers lapse after 60 s
REGISTRATIONS = (
    30  # server transactions of a board's refreshes: one every 3 s, each for 32 s, and the repeated
)


def held_by_server(bench):
    """What the server has under way, by its metrics."""
    with urllib.request.urlopen(f"{bench.http}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return {
        name: int(float(count)) for name, count in re.findall(r'parley_sip_held\{what="(\w+)"\} (\S+)', text)
    }


def held_by(board):
    """What a board has under way, asked for at its console."""
    done = mpremote(board.serial, "exec", "import json; print(json.dumps(board.sip.endpoint.held()))")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


async def hold_all(server, loss, seed):
    """Hold all conferences, so many at once; returns their stories and how much was lost."""
    turns = asyncio.Semaphore(AT_ONCE)
    callers = [(await LossyCaller.open()).begin(loss, seed * 1000 + number) for number in range(CONFERENCES)]

    async def one(caller):
        async with turns:
            return await hold(caller, server, PARTICIPANTS)

    stories = await asyncio.gather(*(one(caller) for caller in callers))
    for caller in callers:
        caller.begin(0.0, 0)  # what is still on its way is answered
    await asyncio.sleep(REST_S)
    for caller in callers:
        caller.close()
    lost, carried = sum(caller.lost for caller in callers), sum(caller.carried for caller in callers)
    return stories, lost / (lost + carried)


@pytest.mark.limit_s(900)
@pytest.mark.parametrize("loss", [0.2, 0.3])
def test_conferences_on_bad_lines(own_bench, figures, loss):
    bench = own_bench(boards=BOARDS)
    start_s = time.monotonic()
    stories, share = asyncio.run(hold_all(bench.server, loss, seed=round(loss * 100)))
    whole = sum(story.whole(PARTICIPANTS) for story in stories)
    server, boards = held_by_server(bench), [held_by(board) for board in bench.boards()]
    figures.add(
        conferences=len(stories),
        whole=whole,
        lost_share=round(share, 4),
        took_s=round(time.monotonic() - start_s - REST_S, 1),
        server_holds=server,
        boards_hold=boards,
    )
    assert [story for story in stories if not story.clean()] == []
    if loss == 0.2:
        assert whole == CONFERENCES, [story for story in stories if not story.whole(PARTICIPANTS)]
    for held in (server, *boards):
        assert held["calls"] == held["dialogs"] == held["subscriptions"] == 0
    assert server["redirects"] == 0
    assert server["transactions"] <= REGISTRATIONS * BOARDS
    assert all(held["transactions"] <= 4 for held in boards)
    assert bench.status()["conferences"] == []
