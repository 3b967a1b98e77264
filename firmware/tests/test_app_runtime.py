"""The runtime's sockets on the loopback interface, under whichever Python runs this."""

import unittest

from parley.app import runtime


def own_address():
    """A loopback address nobody else is likely to use."""
    octets = runtime.random_bytes(2)
    return "127.8.%d.%d" % (octets[0], octets[1] | 1)


def has_ipv6():
    try:
        runtime.SipSocket("::1", 0, ("::1", 5999)).close()
    except OSError:
        return False
    return True


@unittest.skipUnless(has_ipv6(), "no IPv6 on this machine's loopback")
class Ipv6Test(unittest.TestCase):
    """Everything on ::1; another process may have a port, so each is tried."""

    def opened(self, make):
        for port in range(25060, 25160, 2):
            try:
                made = make(port)
            except OSError:
                continue
            self.addCleanup(made.close)
            return made, port
        raise OSError("no port is free")

    def test_sip(self):
        first, port = self.opened(lambda port: runtime.SipSocket("::1", port, ("::1", 5999)))
        second, other = self.opened(lambda port: runtime.SipSocket("::1", port, ("::1", 5999)))
        self.assertTrue(first.send(b"hello", ("::1", other)))
        self.assertEqual(second.receive(), (b"hello", ("::1", port)))
        self.assertFalse(first.send(b"x", ("127.0.0.1", other)))
        self.assertFalse(first.send(b"x", ("face:b00k", other)))

    def test_rtp(self):
        first, port = self.opened(lambda port: runtime.RtpSocket("::1", port))
        second, other = self.opened(lambda port: runtime.RtpSocket("::1", port))
        first.connect("::1", other)
        second.connect("::1", port)
        self.assertTrue(first.send(b"sound"))
        buffer = bytearray(20)
        self.assertEqual((second.receive_into(buffer), bytes(buffer[:5])), (5, b"sound"))
        with self.assertRaises(OSError):
            first.connect("127.0.0.1", other)

    def test_streams(self):
        listener, port = self.opened(lambda port: runtime.stream_listener("::1", port))
        caller = runtime.stream_socket("::1")
        self.addCleanup(caller.close)
        try:
            caller.connect(runtime.literal("::1", port))
        except OSError:
            pass  # under way
        poller = runtime.Poller()
        poller.add(listener, "caller")
        self.assertEqual(poller.wait(1000), ["caller"])
        accepted, address = listener.accept()
        accepted.close()
        self.assertEqual(runtime.host_and_port(address)[0], "::1")


class SipSocketTest(unittest.TestCase):
    def setUp(self):
        self.host = own_address()
        self.first = self.open(5060)
        self.second = self.open(5070, ("localhost", 5999))

    def open(self, port, server=("127.0.0.1", 5999)):
        opened = runtime.SipSocket(self.host, port, server)
        self.addCleanup(opened.close)
        return opened

    def test_datagram_arrives_with_its_source(self):
        self.assertIsNone(self.second.receive())
        self.assertTrue(self.first.send(b"hello", (self.host, 5070)))
        self.assertEqual(self.second.receive(), (b"hello", (self.host, 5060)))
        self.assertIsNone(self.second.receive())

    def test_long_and_short_datagrams_come_whole_and_in_order(self):
        sent = [b"%d" % octets + b"x" * (octets - 4) for octets in (1000, 2047, 2048, 2049, 8192, 1000)]
        for datagram in sent + [b"y" * 9000]:
            self.assertTrue(self.first.send(datagram, (self.host, 5070)))
        self.assertEqual([self.second.receive()[0] for _ in sent], sent)
        self.assertEqual(self.second.receive()[0], b"y" * runtime.SIP_DATAGRAM_BYTES)
        self.assertIsNone(self.second.receive())

    def test_port_that_is_taken(self):
        self.assertRaises(OSError, runtime.SipSocket, self.host, 5060, ("127.0.0.1", 5999))

    def test_names_are_not_looked_up_but_the_server_s(self):
        self.assertFalse(self.first.send(b"x", ("localhost", 5999)))
        self.assertTrue(self.second.send(b"x", ("localhost", 5999)))
        self.assertFalse(self.second.send(b"x", ("localhost", 5998)))

    def test_many_peers(self):
        for port in range(6000, 6000 + 3 * runtime.ADDRESS_CACHE):
            self.assertTrue(self.first.send(b"x", (self.host, port)))
        self.assertTrue(self.first.send(b"still", (self.host, 5070)))
        self.assertEqual(self.second.receive(), (b"still", (self.host, 5060)))

    def test_refused_packets_do_not_stop_the_receiver(self):
        for _ in range(3):
            self.first.send(b"x", (self.host, 6999))
            self.first.receive()
        self.second.send(b"y", (self.host, 5060))
        self.assertEqual(self.first.receive(), (b"y", (self.host, 5070)))

    def test_poller_tells_who_is_readable(self):
        poller = runtime.Poller()
        poller.add(self.first.raw, "first")
        poller.add(self.second.raw, "second")
        self.assertEqual(poller.wait(0), [])
        self.first.send(b"x", (self.host, 5070))
        self.assertEqual(poller.wait(1000), ["second"])
        self.assertEqual(list(poller.descriptors), [self.first.raw.fileno(), self.second.raw.fileno()])
        poller.remove(self.second.raw)
        self.assertEqual(poller.wait(0), [])
        self.assertEqual(list(poller.descriptors), [self.first.raw.fileno()])


class RtpSocketTest(unittest.TestCase):
    def setUp(self):
        self.host = own_address()
        self.leg, self.phone, self.stranger = [
            runtime.RtpSocket(self.host, port) for port in (4000, 4002, 4004)
        ]
        for opened in (self.leg, self.phone, self.stranger):
            self.addCleanup(opened.close)
        self.leg.connect(self.host, 4002)
        self.phone.connect(self.host, 4000)
        self.stranger.connect(self.host, 4000)
        self.buffer = bytearray(2048)

    def test_packets_of_a_stranger_are_kept_out(self):
        self.stranger.send(b"noise")
        self.phone.send(b"voice")
        self.assertEqual(self.leg.receive_into(self.buffer), 5)
        self.assertEqual(bytes(self.buffer[:5]), b"voice")
        self.assertEqual(self.leg.receive_into(self.buffer), 0)

    def test_a_tick_s_reads_take_all(self):
        self.phone.send(b"one")
        self.phone.send(b"two")
        taken = b""
        for _ in range(runtime.RTP_READS_PER_TICK):
            length = self.leg.receive_into(self.buffer)
            taken += bytes(self.buffer[:length])
        self.assertEqual(taken, b"onetwo")

    def test_peer_may_move(self):
        self.leg.connect(self.host, 4004)
        self.stranger.send(b"moved")
        self.phone.send(b"old")
        self.assertEqual(self.leg.receive_into(self.buffer), 5)
        self.assertTrue(self.leg.send(b"answer"))
        self.assertEqual(self.stranger.receive_into(self.buffer), 6)

    def test_refusal_is_told_once_and_forgotten(self):
        self.phone.close()
        self.leg.send(b"x")
        self.assertEqual(self.leg.receive_into(self.buffer), -1)
        self.assertEqual(self.leg.receive_into(self.buffer), 0)

    def test_names_and_unreachable_addresses(self):
        self.assertRaises(OSError, self.leg.connect, "localhost", 4002)
        self.assertRaises(OSError, self.leg.connect, "255.255.255.255", 4002)


class ClockTest(unittest.TestCase):
    def test_ticks_go_on(self):
        start = runtime.ticks_ms()
        self.assertTrue(0 <= runtime.ticks_diff(runtime.ticks_ms(), start) < 10000)


class ErrorTest(unittest.TestCase):
    def test_traceback_as_text(self):
        try:
            raise ValueError("reason")
        except ValueError as error:
            text = runtime.traceback_of(error)
        self.assertIn("Traceback", text)
        self.assertIn("ValueError: reason", text)

    def test_reset_ends_the_process_with_0(self):
        with self.assertRaises(SystemExit) as caught:
            runtime.reset()
        self.assertEqual(caught.exception.args[0], 0)


if __name__ == "__main__":
    unittest.main()
