"""The installable package (`make wheel`): without the repository it is all that a server and virtual boards need."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hil_tests import http_api, programs

PARTS = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "firmware", "native", "host")


def source_of(folder):
    """What the package is made of, alone: nothing that an earlier build has left is taken along."""
    for part in PARTS:
        place = programs.REPOSITORY / part
        if place.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.o", "tests")
            shutil.copytree(place, folder / part, ignore=ignored)
        else:
            shutil.copy(place, folder / part)
    return folder


def pip(*words):
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The package's folder, its commands before the repository's."""
    (tmp_path / "source").mkdir()
    source = source_of(tmp_path / "source")
    pip("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", str(tmp_path), str(source))
    (wheel,) = tmp_path.glob("parley-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "parleyd/images/virtual/manifest.json" in names
    assert not [name for name in names if "/tests/" in name or name.startswith("hil_tests")]
    pip("install", "--no-deps", "--no-index", "--target", str(tmp_path / "site"), str(wheel))
    shutil.rmtree(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv("PARLEY_BIN", str(tmp_path / "site" / "bin"))
    return tmp_path / "site"


@pytest.mark.hil
@pytest.mark.once
def test_an_installed_package_holds_a_conference(package, own_bench, tmp_path):
    bench = own_bench(boards=1)
    loaded = Path(f"/proc/{bench.process.pid}/maps").read_text()
    assert str(package / "parley_sip") in loaded, [line for line in loaded.splitlines() if "parley" in line]
    assert http_api.post(f"{bench.http}/v1/conferences", {"size": 2}, timeout_s=5)["address"].startswith(
        "sip:"
    )
    done = bench.parley(
        "call", bench.server, "--duration", "1", "--sip", f"127.0.0.1:{bench.ports.take()}", "--json"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"message": "M5"' in done.stdout
