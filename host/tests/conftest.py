"""Fixtures of the tests of virtual boards."""

import asyncio

import pytest

from parleyd.virtual import stop_left_boards

from .virtual_bench import small_image


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    return small_image(tmp_path_factory.mktemp("image"))


@pytest.fixture
def state(tmp_path):
    """A state folder; whatever still runs in it at the end is stopped."""
    yield tmp_path / "state"
    asyncio.run(stop_left_boards(tmp_path / "state"))
