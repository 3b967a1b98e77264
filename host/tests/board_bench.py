"""A board process on the bench: MicroPython running the bridge on a serial port. Not a test."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Sequence
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
BESIDE = Path(sys.executable).parent
KEY_HEX = "0123456789abcdef" * 4
PATIENCE_S = 120  # until a board counts as hanging: it only bounds a failure, and the machine may be busy


class SerialCable:
    """Two ptys back to back: the board on one, a host program on the other. Keeps what the board said."""

    def __init__(self) -> None:
        board_end, self.board_side = pty.openpty()
        host_end, self.host_side = pty.openpty()
        for side in (self.board_side, self.host_side):
            tty.setraw(side, termios.TCSANOW)
        self.device = os.ttyname(self.host_side)
        self.said = b""
        self._news = threading.Condition()
        self._stop_read, self._stop_write = os.pipe()
        self._ends = {board_end: host_end, host_end: board_end}
        self._board_end = board_end
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def _copy(self) -> None:
        while True:
            ready, _, _ = select.select([*self._ends, self._stop_read], [], [])
            if self._stop_read in ready:
                return
            for end in ready:
                data = os.read(end, 4096)
                os.write(self._ends[end], data)
                if end == self._board_end:
                    with self._news:
                        self.said += data
                        self._news.notify_all()

    def wait_for(self, text: bytes, timeout_s: float = PATIENCE_S) -> None:
        """Returns when the board has said this."""
        with self._news:
            assert self._news.wait_for(lambda: text in self.said, timeout_s), self.said

    def type(self, data: bytes) -> None:
        """What a person's terminal would send."""
        os.write(self._board_end, data)

    def close(self) -> None:
        os.write(self._stop_write, b"x")
        self._thread.join()
        for handle in (*self._ends, self.board_side, self.host_side, self._stop_read, self._stop_write):
            os.close(handle)


def build_native_kernels(folder: Path) -> Path:
    """Puts parley_native.mpy for this machine into the folder, and returns it."""
    build = FIRMWARE.parent / "native" / "micropython" / "build.py"
    subprocess.run([sys.executable, build, "--arch", "x64", "--output", folder], check=True)
    return folder


class BoardProcess:
    """A board's firmware on its serial cable, started in its flash folder.

    command: what runs it; the file system paths of its modules are the firmware's and `folders`.
    """

    def __init__(
        self,
        flash: Path,
        folders: Sequence[Path] = (),
        command: Sequence[str | Path] = (BESIDE / "micropython", "-X", "heapsize=2M", FIRMWARE / "main.py"),
    ) -> None:
        self.flash = flash
        self.cable = SerialCable()
        modules = ":".join(str(folder) for folder in (*folders, FIRMWARE))
        self.process = subprocess.Popen(
            command,
            cwd=flash,
            env=dict(os.environ, MICROPYPATH=modules + ":.frozen", PYTHONPATH=modules),
            stdin=self.cable.board_side,
            stdout=self.cable.board_side,
            stderr=self.cable.board_side,
            # a shell's background jobs are born deaf to SIGINT, and pass it on
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def mpremote(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs mpremote on the host's end, without the soft reset it begins with by default."""
        command = [BESIDE / "mpremote", "connect", self.cable.device, "resume", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.cable.close()


def configuration(host: str, server: tuple[str, int]) -> dict[str, object]:
    """What a board is provisioned with."""
    return {
        "board_id": "virtual-1",
        "host": host,
        "sip_port": 5060,
        "rtp_port_first": 30000,
        "server": list(server),
        "key": KEY_HEX,
        "legs": 8,
        "slots": 4,
        "registration_s": 9,
        "offer_ttl_s": 32,
        "board": "virtual",
    }


def own_address() -> str:
    """A loopback address nobody else is likely to use."""
    octets = os.urandom(2)
    return f"127.9.{octets[0]}.{octets[1] | 1}"
