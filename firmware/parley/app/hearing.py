"""Who hears whom in a conference, told to the bridge by channels: whisper, coach, a listener for one alone."""

from parley.media.kernel_numbers import BRIDGE_CHANNELS, BRIDGE_CHANNELS_ALL
from parley.wire.errors import RemoteError

USUAL = 1  # the channel of who is heard by everybody


def channels_of(members):
    """{number: (says, hears)} of participants with `number` and `unheard`, the numbers of whom each does not hear.

    RemoteError(486) when more are not heard by somebody than there are channels.
    """
    present = [one.number for one in members]
    apart = sorted({number for one in members for number in one.unheard if number in present})
    if len(apart) >= BRIDGE_CHANNELS:
        raise RemoteError(486, "Too many are heard by some alone")
    channel = {number: 1 << place + 1 for place, number in enumerate(apart)}
    return {
        one.number: (
            channel.get(one.number, USUAL),
            BRIDGE_CHANNELS_ALL - sum([channel[number] for number in one.unheard if number in channel]),
        )
        for one in members
    }
