"""The layer table holds, and the check can fail."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("check_layers", ROOT / "tools" / "check_layers.py")
check_layers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_layers)


def test_no_import_crosses_a_layer():
    assert check_layers.check() == []


def test_every_layer_has_files():
    for folder in check_layers.FOLDERS.values():
        assert list((ROOT / folder).rglob("*.py")), folder


def test_forbidden_imports_are_seen():
    assert check_layers.faults_in("parley.wire", "import parley.call.endpoint\n") == [
        (1, "parley.call.endpoint")
    ]
    assert check_layers.faults_in("parley.call", "def f():\n    from parley.media import bridge\n") == [
        (2, "parley.media.bridge")
    ]
    assert check_layers.faults_in("hil_tests", "from parleyd import cli\n") == [(1, "parleyd.cli")]


def test_allowed_imports_pass():
    assert check_layers.faults_in("parley.call", "from parley.wire import sip\nimport socket\n") == []
    assert check_layers.faults_in("parleyd", "import parleyue.cli\n", ("parleyue",)) == []
