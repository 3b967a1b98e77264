"""RTP that comes in bursts, as after a jam on the way: how much of it a board takes."""

import asyncio
import re
import struct

from hil_tests import ask, sip_text
from hil_tests.emulated import execute

BURSTS, BURST_PACKETS = 20, 6
SENT = BURSTS * BURST_PACKETS


def received_of_bursts(bench) -> int:
    """Packets that the first board took of SENT in bursts, each burst sent at once; the leg's own count."""

    async def work(caller):
        call, outcome = await ask.join_when_free(caller, bench.server, 2)
        body = outcome.response.body.decode()
        port = int(re.search(r"m=audio (\d+)", body).group(1))
        target = (sip_text.address_of(outcome.contact)[0], port)
        phone, number = ask.silent_socket(), 0
        for _ in range(BURSTS):
            for _ in range(BURST_PACKETS):
                header = struct.pack("!BBHII", 0x80, 0, 1000 + number, 160 * number, 0x1234)
                phone.sendto(header + bytes([0xFF]) * 160, target)
                number += 1
            await asyncio.sleep(0.02 * BURST_PACKETS)
        counted = int(execute(bench, "print(board.status()['legs'][0][2]['received'])"))
        await call.bye()
        return counted

    return ask.with_caller(work)
