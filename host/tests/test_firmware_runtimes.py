"""What holds for all of the firmware: one module knows the runtime, and a tick allocates nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .board_bench import FIRMWARE, build_native_kernels

PRODUCT = [path for path in sorted(FIRMWARE.rglob("*.py")) if "tests" not in path.relative_to(FIRMWARE).parts]

RUNTIME = "parley/app/runtime"
RUNTIME_PARTS = ("", "_cpython", "_micropython", "_queued", "_sockets")
# Words by which a module shows that it knows on which Python it runs -> the modules that may (main.py: boards only).
TELLING = {
    r"sys\.implementation": {"parley/app/runtime.py"},
    r"\bMICROPYTHON\b": {"parley/app/runtime.py"},
    r"\bexcept\b[^:]*\bImportError\b": {
        "parley/app/runtime.py",
        f"{RUNTIME}_micropython.py",  # not every board has TLS
        "parley/media/kernels.py",
    },
    r"^\s*(import|from) (micropython|machine|network|uctypes|vfs)\b": {
        "main.py",
        f"{RUNTIME}_micropython.py",
    },
    r"^\s*(import|from) (socket|select|time|gc)\b": {f"{RUNTIME}{part}.py" for part in RUNTIME_PARTS},
    r"\bparley\.app\.runtime_(cpython|micropython)\b": {f"{RUNTIME}.py"},
    r"\bsys\.platform\b": set[str](),
}


@pytest.mark.parametrize("telling", TELLING)
def test_one_module_knows_the_runtime(telling: str) -> None:
    assert len(PRODUCT) > 40
    pattern = re.compile(telling, re.MULTILINE | re.DOTALL)
    found = {
        path.relative_to(FIRMWARE).as_posix()
        for path in PRODUCT
        if pattern.search(re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL))
    }
    assert found <= TELLING[telling]
    assert found == TELLING[telling], "the list above permits more than there is"


def test_media_tick_with_native_kernels_on_micropython(tmp_path: Path) -> None:
    native = build_native_kernels(tmp_path)
    tests = ["app_ticker", "media_bridge", "media_packets", "no_alloc"]
    command = [sys.executable, FIRMWARE.parent / "tools" / "run_tests.py", "--runtime", "micropython"]
    ended = subprocess.run(
        [*command, "--path", native, *tests], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.strip().splitlines()[-1].endswith(" 0 skipped"), ended.stdout
