"""The Arm machines QEMU emulates, and the way from C files to a program that runs on one of them.

Programs are bare metal with newlib's semihosting: they open the host's files and print to its standard output.
The kernels are compiled with the very flags of the .mpy files, so that what is counted is what boards run.
"""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
NATIVE = HERE.parent
COMPILER = "arm-none-eabi-gcc"
EMULATOR = "qemu-system-arm"
PACKAGES = "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"
STRICT = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror"]
MODULE_FLAGS = [  # those of native/micropython/build.py that change the code; a test compares
    "-O2",
    "-ffreestanding",
    "-fpic",
    "-fvisibility=hidden",
    "-fno-common",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-asynchronous-unwind-tables",
    "-fno-stack-protector",
]
TIMEOUT_S = 60


class Machine(NamedTuple):
    """One emulated machine: QEMU's name, its core, the compiler's flags, and the forms of the kernels it has."""

    name: str
    core: str
    flags: tuple[str, ...]
    forms: tuple[str, ...]


MACHINES = {
    "m4": Machine(
        "mps2-an386",
        "Cortex-M4",
        ("-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
        ("plain", "dsp"),
    ),
    "m7": Machine(
        "mps2-an500",
        "Cortex-M7",
        ("-mthumb", "-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard"),
        ("plain", "dsp"),
    ),
    "m55": Machine(
        "mps3-an547",
        "Cortex-M55",
        ("-mthumb", "-mcpu=cortex-m55", "-mfloat-abi=hard"),
        ("plain", "dsp", "mve"),
    ),
}
FORMS = {"plain": ["-DPARLEY_FORM_PLAIN"], "dsp": ["-DPARLEY_FORM_DSP"], "mve": ["-DPARLEY_FORM_MVE"]}


def missing_tools():
    """Returns one line that says what to install, or an empty string."""
    absent = [tool for tool in (COMPILER, EMULATOR, "gcc") if shutil.which(tool) is None]
    return f"no {', no '.join(absent)}: apt-get install {PACKAGES}" if absent else ""


def run(command, folder=None):
    """Runs a tool; returns (exit code, standard output and error)."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def check(command, folder=None):
    """Runs a tool that must succeed; returns what it printed, or raises RuntimeError with it."""
    code, text = run(command, folder)
    if code != 0:
        raise RuntimeError(f"{command[0]} failed:\n{text}")
    return text


def compiler(machine, form):
    """Returns the compiler's command for one form on one machine."""
    includes = [f"-I{folder}" for folder in (NATIVE / "include", NATIVE / "src", HERE)]
    return [COMPILER, *MACHINES[machine].flags, *STRICT, *FORMS[form], *includes]


def build_kernels(machine, form, folder):
    """Compiles all kernels into folder/kernels.a, unless it is there; returns its path."""
    library = folder / "kernels.a"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kernels = sorted((NATIVE / "src").glob("*.c"))
        check([*compiler(machine, form), *MODULE_FLAGS, "-c", *kernels], folder)
        check(["arm-none-eabi-ar", "rc", library, *(f"{source.stem}.o" for source in kernels)], folder)
    return library


def build(machine, form, name, sources, folder):
    """Builds folder/NAME.elf of a program's own `sources` and the kernels; returns its path."""
    return build_alone(machine, form, name, [*sources, build_kernels(machine, form, folder)], folder)


def build_alone(machine, form, name, sources, folder):
    """Builds folder/NAME.elf of `sources` alone; returns its path."""
    command = compiler(machine, form)
    crt = check([*command, "-print-file-name=rdimon-crt0.o"]).strip()
    link = ["--specs=rdimon.specs", "-nostartfiles", "-Wl,--gc-sections", "-T", HERE / "machine.ld"]
    elf = folder / f"{name}.elf"
    check([*command, *link, "-o", elf, crt, *sources], folder)
    return elf


def execute(machine, elf, arguments=(), plugin=(), folder=None):
    """Runs a program on its machine, in `folder`; returns (exit code, what it printed).

    Arguments are short: newlib has 256 octets for all of them.
    """
    config = ["enable=on", "target=native", f"arg={elf.name}", *(f"arg={word}" for word in arguments)]
    return run(
        [
            EMULATOR, "-M", MACHINES[machine].name, "-display", "none", "-monitor", "none", "-serial", "none",
            "-semihosting-config", ",".join(config), "-kernel", elf, *plugin,
        ],
        folder,
    )  # fmt: skip
