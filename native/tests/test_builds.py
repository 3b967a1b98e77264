"""The builds: three architectures, what the interpreter says to a foreign one, what a board does then."""

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent
FIRMWARE = NATIVE.parent / "firmware"
BUILD = NATIVE / "micropython" / "build.py"
CODES = {"x64": 2, "armv7emsp": 7, "armv7emdp": 8}
SAY = "from parley.media import kernels as k; print(k.KERNELS, k.KERNELS_FAULT); print(k.leg_size())"


@pytest.mark.parametrize("arch", CODES)
def test_build_makes_the_module(build, tmp_path, arch):
    code, text = build(arch, tmp_path / "new")
    assert code == 0, text
    octets = (tmp_path / "new" / "parley_native.mpy").read_bytes()
    assert octets[:4] == bytes([0x4D, 6, CODES[arch] << 2 | 3, 31])
    assert f"({len(octets)} octets)" in text
    assert (
        len(octets) < 122_880
    )  # x64: unrolled for speed, and frames by AVX2 beside; boards: 88 KB, 33 of them the codec's tables


@pytest.mark.parametrize("arch", ["armv7emsp", "armv7emdp"])
def test_foreign_module_is_refused_and_plain_python_takes_over(build, micropython, tmp_path, arch):
    assert build(arch, tmp_path)[0] == 0
    code, text = micropython([tmp_path], "-c", "import parley_native")
    assert code != 0
    assert "ValueError: incompatible .mpy arch" in text
    expected = "slow incompatible .mpy arch\n2824\n"
    assert micropython([tmp_path, FIRMWARE], "-c", SAY) == (0, expected)


def test_a_module_that_is_cut_short_or_damaged_is_refused(micropython, module_folder, tmp_path):
    """Without the check MicroPython reads past the end of such a file for ever."""
    whole = (module_folder / "parley_native.mpy").read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    for octets in (b"", whole[:4], whole[:600], whole[:-41], whole[:-1], bytes(damaged), whole + b"more"):
        (tmp_path / "parley_native.mpy").write_bytes(octets)
        expected = "slow parley_native.mpy is damaged or cut short\n2824\n"
        assert micropython([tmp_path, FIRMWARE], "-c", SAY) == (0, expected)


def test_board_takes_the_native_module(micropython, module_folder):
    assert micropython([module_folder, FIRMWARE], "-c", SAY) == (0, "native \n2824\n")


def test_board_without_the_module_takes_plain_python(micropython):
    code, text = micropython([FIRMWARE], "-c", SAY)
    assert (code, text) == (0, "slow no module named 'parley_native'\n2824\n")


def test_misaligned_buffer_is_refused(micropython, module_folder):
    calls = (
        "import parley_native as p\n"
        "try:\n p.level_dbov(memoryview(bytearray(9))[1:])\n"
        "except ValueError as e:\n print(e)"
    )
    assert micropython([module_folder], "-c", calls) == (0, "buffer alignment\n")


@pytest.mark.parametrize("arch", CODES)
def test_missing_compiler_names_the_package(run, tmp_path, arch):
    code, text = run(sys.executable, BUILD, "--arch", arch, "--output", tmp_path, env={"PATH": str(tmp_path)})
    assert code == 1
    package = "gcc-x86-64-linux-gnu" if arch == "x64" else "gcc-arm-none-eabi"
    assert re.fullmatch(rf"parley_native for {arch}: no compiler .*: apt-get install {package}\n", text)


def test_constants_are_those_of_the_headers():
    lib = import_module("parley_native._native").lib
    kernel_numbers = import_module("parley.media.kernel_numbers")
    for name in dir(lib):
        if re.match(r"PARLEY_(LAW|RTP|LEG|BRIDGE)_", name) and not re.search(
            "STAT|UNUSABLE|ARGUMENT|MAX|BYTES|SAMPLES|SPARE|FIGURE_|TONE_", name
        ):
            assert getattr(kernel_numbers, name.removeprefix("PARLEY_")) == getattr(lib, name), name
    assert (kernel_numbers.FRAME_SAMPLES, kernel_numbers.PACKET_BYTES) == (160, lib.PARLEY_LEG_PACKET_BYTES)
    assert kernel_numbers.LEVEL_SILENCE == lib.PARLEY_LEVEL_SILENCE
    assert (len(kernel_numbers.TONES), kernel_numbers.MOST_TIMES) == (
        lib.PARLEY_BRIDGE_TONE_COUNT,
        lib.PARLEY_BRIDGE_TONE_TIMES_MAX,
    )
    assert len(kernel_numbers.LEG_STATS) == lib.PARLEY_LEG_STAT_COUNT
    for index, name in enumerate(kernel_numbers.LEG_STATS):
        assert getattr(lib, f"PARLEY_LEG_STAT_{name.upper()}") == index
    for prefix, names in (
        ("BRIDGE_LEG_STAT", kernel_numbers.BRIDGE_LEG_STATS),
        ("BRIDGE_STAT", kernel_numbers.BRIDGE_STATS),
        ("BRIDGE_TONE", kernel_numbers.TONES),
    ):
        assert len(names) == getattr(lib, f"PARLEY_{prefix}_COUNT")
        for index, name in enumerate(names):
            found = getattr(lib, f"PARLEY_{prefix}_{name.upper()}", None)
            assert found == index or (found is None and index < lib.PARLEY_LEG_STAT_COUNT), name
    assert len(kernel_numbers.FIGURES) == kernel_numbers.BRIDGE_FIGURES
    for index, name in enumerate(kernel_numbers.FIGURES):
        assert getattr(lib, f"PARLEY_BRIDGE_FIGURE_{name.upper()}") == index
    io_lib = import_module("parley_io._io").lib
    packets = import_module("parley.media.packets")
    assert io_lib.PARLEY_IO_ERRNO == packets.IO_ERRNO
    assert len(packets.IO_STATS) == io_lib.PARLEY_IO_STAT_COUNT
    for index, name in enumerate(packets.IO_STATS):
        assert getattr(io_lib, f"PARLEY_IO_STAT_{name.upper()}") == index


def test_packet_io_is_built_for_linux_only(build, tmp_path):
    for arch in ("x64", "armv7emdp"):
        assert build(arch, tmp_path / arch)[0] == 0
    assert (tmp_path / "x64" / "parley_io.mpy").read_bytes()[:4] == bytes([0x4D, 6, 11, 31])
    assert not (tmp_path / "armv7emdp" / "parley_io.mpy").exists()
