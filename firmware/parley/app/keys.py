"""Who on the board is encrypted, and how many may be: between negotiation (parley.call.secure) and the bridge."""

from parley.call.secure import Security
from parley.media.bridge import can_encrypt
from parley.media.bridge_side import TAG_BYTES
from parley.wire.errors import RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class KeyRing:
    """policy: "off", "optional" or "required"; limit: legs with keys at a time; random_bytes(n) -> bytes."""

    def __init__(self, policy, limit, side, random_bytes):
        self.count = 0
        self.limit = limit if can_encrypt() and policy != "off" else 0
        self._policy = policy
        self._side = side
        self._random_bytes: "Callable[[int], bytes]" = random_bytes

    def stand(self, participant):
        """How we stand to encryption in a negotiation with a participant.

        When every leg that may have keys has them, a newcomer stays in the clear, or is refused if he cannot.
        RemoteError, where nobody may stay in the clear: 486 when all have them, 488 when none can have any.
        """
        policy = self._policy
        if participant.keys is None and self.count >= self.limit:
            if policy == "required":
                raise self._refusal()
            policy = "off"
        return Security(policy, self._random_bytes, participant.keys)

    def check(self, participant, keys):
        """RemoteError as of `stand` when these keys, of an answer to our offer, are one leg's too many."""
        if keys is not None and participant.keys is None and self.count >= self.limit:
            raise self._refusal()

    def _refusal(self):
        if self.limit > 0:
            return RemoteError(486, "No leg is left that may be encrypted")
        return RemoteError(488, "Media must be encrypted, and this board cannot")

    def settle(self, participant, keys):
        """Gives the participant's leg what was negotiated: keys, the same as before, or none.

        Returns by how many octets his packets grow.
        """
        before = participant.keys
        participant.keys = keys
        self.count += (keys is not None) - (before is not None)
        if keys is None:
            if before is not None:
                self._side.expose(participant.leg)
            return 0
        ours, theirs = keys.ours, keys.theirs
        if not keys.same_as(before):
            ssrc = int.from_bytes(self._random_bytes(4), "big")
            self._side.secure(participant.leg, ours.number, ours.master, theirs.master, ssrc)
        return TAG_BYTES[ours.number]

    def leave(self, participant):
        """The participant's leg is gone, and the bridge has forgotten its keys."""
        if participant.keys is not None:
            self.count -= 1
            participant.keys = None
