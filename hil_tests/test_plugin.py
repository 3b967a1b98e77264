"""The bench's hooks and fixtures all reach pytest: one that conftest.py forgets would be silently without effect."""

from hil_tests import conftest, plugin


def test_conftest_passes_on_every_hook_and_fixture():
    fixtures = {
        name for name, value in vars(plugin).items() if type(value).__name__ == "FixtureFunctionDefinition"
    }
    hooks = {name for name in vars(plugin) if name.startswith("pytest_")}
    assert {"bench", "artifacts"} <= fixtures
    assert sorted(hooks | fixtures) == sorted(conftest.__all__)
