"""RTCP to and from the network: one port for the whole board beside RTP's, and RTP's own where peers want that.

The port is named in our descriptions (a=rtcp, RFC 3605); without one (it cannot be had) reports go by RTP's port only.
"""


class ReportWire:
    """open_socket(host, port) -> socket with receive() and send(packet, (host, port)); OSError when it cannot be."""

    def __init__(self, host, first, open_socket, log):
        """first: the RTP port of the board."""
        self.port = first + first % 2 + 1
        self.refused = 0
        self._log = log
        self._socket = None
        try:
            self._socket = open_socket(host, self.port)
        except OSError as error:
            self._log.warning("rtcp", "no port for it: %s" % error)
            self.port = None

    def receive(self):
        """The next packet as (data, (host, port)); None when there is none."""
        return None if self._socket is None else self._socket.receive()

    def send(self, participant, packet):
        """Sends a participant a packet, by the way he has agreed to."""
        host, port = participant.report_address
        if participant.rtcp_mux:
            sent = participant.socket.send_to(packet, host, port)
        else:
            sent = self._socket is not None and self._socket.send(packet, (host, port))
        self.refused += not sent

    def close(self):
        """Gives the port back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
