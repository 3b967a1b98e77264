"""Fixtures of the native tests: the interpreters, the built module, a leg with a phone at its other end."""

import os
import shutil
import struct
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

NATIVE = Path(__file__).resolve().parent.parent
FIRMWARE = NATIVE.parent / "firmware"
BUILD = NATIVE / "micropython" / "build.py"


def run(*command, env=None):
    """Runs a program; returns (exit code, everything it printed)."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=300,  # a hang; a build takes 20 s alone
        env={**os.environ, **(env or {})},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(name="run")
def run_fixture():
    return run


@pytest.fixture(scope="session")
def micropython():
    """Runs the real interpreter with these folders as its path: micropython(folders, *arguments)."""
    program = shutil.which("micropython", path=str(Path(sys.executable).parent)) or shutil.which(
        "micropython"
    )
    if program is None:
        pytest.skip("no micropython beside the Python that runs the tests")

    def start(folders, *arguments):
        return run(program, *arguments, env={"MICROPYPATH": ":".join(map(str, folders))})

    return start


@pytest.fixture(scope="session")
def build():
    """Builds a native module: build(arch, folder, *other arguments) -> (exit code, text)."""

    def start(arch, folder, *arguments):
        compiler = "arm-none-eabi-gcc" if arch.startswith("armv") else "gcc"
        if shutil.which(compiler) is None:
            pytest.skip(f"no {compiler}")
        return run(sys.executable, BUILD, "--arch", arch, "--output", folder, *arguments)

    return start


@pytest.fixture(scope="session")
def module_folder(build, tmp_path_factory):
    """A folder with parley_native.mpy for x64."""
    folder = tmp_path_factory.mktemp("x64")
    code, text = build("x64", folder)
    assert code == 0, text
    return folder


@pytest.fixture(scope="session")
def sanitized(tmp_path_factory):
    """Builds a C program of this folder with the kernels, under the address and undefined-behaviour sanitizers.

    sanitized(name, *further C files, standard="c99") -> path
    """
    strict = ["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]

    def make(name, *further, standard="c99"):
        program = tmp_path_factory.mktemp("c") / name
        sources = [NATIVE / "tests" / f"{name}.c", *further, *sorted((NATIVE / "src").glob("*.c"))]
        includes = [f"-I{NATIVE / folder}" for folder in ("include", "src", "io")]
        options = [f"-std={standard}", *strict, "-fno-sanitize-recover=all"]
        code, text = run("gcc", *options, *includes, *sources, "-lm", "-o", program)
        assert code == 0, text
        return program

    return make


MADE = "~"  # a slot that is not as it was sent
SILENCE = 0xD5  # what fades out ends so; no slot of that number is told apart from it
CROSSED = 16  # samples changed after one


class Line:
    """A leg under test (A-law, whose codes all differ and are never 0) and the phone that sends to it.

    Slots of 10 ms are numbered; slot n is 80 times the code n % 256, so that what is played tells which.
    """

    def __init__(self, kernels, names, depth_frames=2, timestamp=1000, sequence=0, seed=(1, 2, 3)):
        self.kernels = kernels
        self.names = names
        self.timestamp = timestamp
        self.sequence = sequence
        self.ssrc = 77
        self.leg = bytearray(kernels.leg_size())
        kernels.leg_init(self.leg, 8, 8, 101, depth_frames, struct.pack("<3I", *seed))

    def packet(self, slot, slots=2, sequence=None, payload_type=8, shift=0, first=0x80):
        """Returns the packet of slots slot ... slot + slots - 1; shift: samples off its place."""
        sequence = self.sequence + slot // slots if sequence is None else sequence
        timestamp = (self.timestamp + 80 * slot + shift) & 0xFFFFFFFF
        header = struct.pack(">BBHII", first, payload_type, sequence & 0xFFFF, timestamp, self.ssrc)
        return header + b"".join(bytes([number % 256]) * 80 for number in range(slot, slot + slots))

    def receive(self, slot, slots=2, **how):
        """Sends a packet to the leg; returns what the leg says."""
        return self.take(self.packet(slot, slots, **how))

    def take(self, packet):
        return self.kernels.leg_receive(self.leg, packet, len(packet))

    def play(self):
        """Plays a tick; returns the two slots heard (None silence, MADE), or () when nothing played."""
        pcm, codes = bytearray(320), bytearray(160)
        before = self.stat("concealed")
        played = self.kernels.leg_playout(self.leg, pcm)
        self.kernels.g711_encode(8, pcm, codes)
        made = self.stat("concealed") - before
        halves = []
        for half in (0, 80):
            silent = not any(pcm[2 * half : 2 * half + 160])
            clean = len(set(codes[half + CROSSED : half + 80])) == 1
            halves.append(None if silent else codes[half + 79] if clean else MADE)
        if made == 2:
            halves = [MADE, MADE]
        elif made and MADE not in halves:
            halves[1] = MADE  # of a constant, so it does not show
        assert played or halves == [None, None]
        return tuple(halves) if played else ()

    def hear(self, ticks):
        """Plays ticks; returns all slots heard that came from the phone, in order."""
        return [slot for _ in range(ticks) for slot in self.play() if slot not in (None, MADE, SILENCE)]

    def stats(self):
        return {name: self.kernels.leg_stat(self.leg, index) for index, name in enumerate(self.names)}

    def stat(self, name):
        return self.stats()[name]


@pytest.fixture(params=["parley_native", "parley.media.kernels_slow"])
def line(request):
    """Makes lines over one implementation of the kernels and the other."""
    kernels = import_module(request.param)
    names = import_module("parley.media.kernel_numbers").LEG_STATS
    return lambda **how: Line(kernels, names, **how)
