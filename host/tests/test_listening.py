"""Several addresses to listen at: --sip repeated, its environment variable, IPv6."""

import pytest

from parleyd.cli import _listening
from parleyd.settings import SettingsError, load_settings


def test_the_first_is_ours_the_others_are_listened_at_too():
    flags = _listening(["127.0.0.1:5060", "[::1]:5060", "127.0.0.2:5070"])
    settings = load_settings(**flags)
    assert settings.sip == ("127.0.0.1", 5060)
    assert settings.sip_also == [("::1", 5060), ("127.0.0.2", 5070)]


def test_one_or_none():
    assert load_settings(**_listening(["127.0.0.9:5080"])).sip_also == []
    assert load_settings(**_listening(None)).sip == ("127.0.0.1", 5060)


def test_the_environment(monkeypatch):
    monkeypatch.setenv("PARLEY_SIP_ALSO", "[::1]:5060, 127.0.0.3:5060")
    assert load_settings().sip_also == [("::1", 5060), ("127.0.0.3", 5060)]


@pytest.mark.parametrize("wrong", ["localhost:5060", "0.0.0.0:5060", "127.0.0.1", "[::]:5060"])
def test_what_a_phone_cannot_reach(wrong):
    with pytest.raises(SettingsError):
        load_settings(**_listening(["127.0.0.1:5060", wrong]))
