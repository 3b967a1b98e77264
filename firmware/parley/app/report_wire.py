"""RTCP to and from the network: one port for the whole board beside RTP's, and RTP's own where peers want that.

The port is named in our descriptions (a=rtcp, RFC 3605); without one (it cannot be had) reports go by RTP's port only.
"""


class ReportWire:
    """open_socket(host, port) -> socket with receive() and send(packet, (host, port)); OSError when it cannot be.

    first: the RTP port of the board; shared: BoardRtpSocket on it, or None where every leg has a line; muxes: RTCP
    may come by the RTP ports (RFC 5761). fault: why there is no port, or "".
    """

    def __init__(self, host, first, open_socket, shared=None, muxes=True):
        self.port: "int | None" = first + first % 2 + 1
        self.muxes = muxes
        self.refused = 0
        self.fault = ""
        self._shared = shared
        self._socket = None
        try:
            self._socket = open_socket(host, self.port)
        except OSError as error:
            self.fault = str(error)
            self.port = None

    def receive(self):
        """The next packet as (data, (host, port)); None when there is none."""
        return None if self._socket is None else self._socket.receive()

    def send(self, participant, packet):
        """Sends a participant a packet, by the way he has agreed to."""
        if not participant.rtcp_mux:
            peer = participant.report_source or participant.report_address
            sent = self._socket is not None and self._socket.send(packet, peer)
        elif participant.line is not None:
            sent = participant.line.send(packet)
        else:
            sent = self._shared is not None and self._shared.send_to(packet, participant.report_address)
        self.refused += not sent

    def close(self):
        """Gives the port back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
