"""Bytes to values and back: SIP, SDP, RTP, digest, allocated addresses. No I/O, no clock, nothing above."""
