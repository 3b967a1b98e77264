"""PJSUA's conference bridge: it is built for 4 calls, so a process of pjsua_bridge.py for each conference."""

import asyncio
import importlib.util
import subprocess
import sys
from pathlib import Path

from parleybench.callers import Callers
from parleybench.machine import BenchError, on_cores, version_of

SCRIPT = Path(__file__).with_name("pjsua_bridge.py")
HOST = "127.0.10.2"
CALLERS = ("127.0.10.3", 5060)
FIRST_SIP, FIRST_RTP = 5060, 20000
CALLS = 4  # PJSUA_MAX_CALLS, as the library is built: one conference a process


class Pjsua:
    """Processes with a bridge each, and the calls to them. Context manager."""

    name = "PJSUA bridge"
    most = 640

    def __init__(self, folder, core):
        """folder: not used; core: what all are bound to."""
        self._core = core
        self._processes = []
        self._callers = None

    @staticmethod
    def missing():
        """Why it cannot be measured, "" when it can."""
        return "" if importlib.util.find_spec("pjsua2") else "not installed: the package pjsua2-python"

    @staticmethod
    def version():
        """Of the library."""
        return version_of("pjsua2-python")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def pids(self):
        """Processes whose time counts."""
        return [process.pid for process in self._processes]

    async def join(self, people, size):
        """Calls for everybody, conferences of `size`. Raises BenchError."""
        self._callers = await Callers.open(CALLERS)
        conferences = CALLS // size
        for first in range(0, len(people), conferences * size):
            peer = self._another()
            for place, one in enumerate(people[first : first + conferences * size]):
                await self._callers.call(one, f"sip:c{place // size}@{peer[0]}:{peer[1]}", peer)

    async def leave(self, people):
        """Everybody hangs up."""
        await asyncio.gather(*(self._callers.hang_up(one) for one in people))
        self._callers.close()
        await asyncio.sleep(0.1)

    def _another(self):
        """Starts one more; returns its SIP address."""
        number = len(self._processes)
        port = FIRST_SIP + number
        command = on_cores(
            self._core, sys.executable, SCRIPT, HOST, port, FIRST_RTP + 4 * CALLS * number, CALLS
        )
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._processes.append(process)
        if not any(line.startswith("ready") for line in process.stdout):
            raise BenchError("pjsua_bridge.py does not start")
        return HOST, port
