"""Who on the board is encrypted, and how many may be: between negotiation (parley.call.secure) and the bridge."""

from parley.call.secure import Security
from parley.media.bridge_side import can_encrypt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class KeyRing:
    """policy: "off", "optional" or "required"; limit: legs with keys at a time; random_bytes(n) -> bytes."""

    def __init__(self, policy, limit, side, random_bytes):
        self.count = 0
        self.limit = limit if can_encrypt() else 0
        self._policy = policy if self.limit > 0 else "off"
        self._side = side
        self._random_bytes: "Callable[[int], bytes]" = random_bytes

    def stand(self, participant):
        """How we stand to encryption in a negotiation with a participant.

        When every leg that may have keys has them, a newcomer stays in the clear, or is refused if he cannot.
        """
        policy = self._policy
        if participant.keys is None and self.count >= self.limit and policy == "optional":
            policy = "off"
        return Security(policy, self._random_bytes, participant.keys)

    def settle(self, participant, keys):
        """Gives the participant's leg what was negotiated: keys, the same as before, or none."""
        before = participant.keys
        participant.keys = keys
        self.count += (keys is not None) - (before is not None)
        if keys is None:
            if before is not None:
                self._side.expose(participant.leg)
        elif not keys.same_as(before):
            ssrc = int.from_bytes(self._random_bytes(4), "big")
            ours, theirs = keys.ours, keys.theirs
            self._side.secure(participant.leg, ours.number, ours.master, theirs.master, ssrc)

    def leave(self, participant):
        """The participant's leg is gone, and the bridge has forgotten its keys."""
        if participant.keys is not None:
            self.count -= 1
            participant.keys = None
