"""L16 at 8000 and 16000 Hz through the bridge: to the bit where one voice is heard, beside every other codec."""

import struct

import numpy as np
import pytest

import parley_native as kernels

PCMU, PCMA, G722, L16, L16_WIDE = 0, 8, 9, 128, 129
TYPES = {PCMU: 0, PCMA: 8, G722: 9, L16: 97, L16_WIDE: 98}
SLOT = {PCMU: 80, PCMA: 80, G722: 80, L16: 160, L16_WIDE: 320}  # octets of 10 ms
CLOCK = {L16_WIDE: 160}  # RTP ticks of 10 ms, else 80
SPEAKS, HEARS, NO_PLACE = 1, 2, -12
MASTER = bytes(range(30))
START = 0xFFFFE000  # timestamps wrap while we look


def rate_of(law):
    return 16000 if law in (G722, L16_WIDE) else 8000


def tone(hertz, rate_hz, frames, amplitude=6000):
    at = np.arange(rate_hz // 50 * frames)
    return (amplitude * np.sin(2 * np.pi * hertz / rate_hz * at)).round().astype(np.int16)


def amplitude_of(pcm, hertz, rate_hz):
    part = pcm[-rate_hz // 2 :].astype(float)
    return 2 * abs(np.mean(part * np.exp(-2j * np.pi * hertz / rate_hz * np.arange(len(part)))))


def snr_db(clean, found):
    """After the best shift of `found` against `clean`."""
    clean = clean.astype(float)
    best = -99.0
    for shift in range(1000):
        part = found[shift : shift + len(clean)].astype(float)
        if len(part) < len(clean):
            break
        error = np.sum((part - clean) ** 2)
        best = max(best, 10 * np.log10(np.sum(clean**2) / max(error, 1e-9)))
    return best


class Hall:
    """A conference of legs with these laws, without lines; each sends samples of its rate."""

    def __init__(self, laws, places=None, keyed=()):
        self.laws = list(laws)
        places = len(laws) if places is None else places
        size = kernels.bridge_size(len(laws), 1)
        for octets in (
            kernels.bridge_wide_octets(len(laws), 1),
            kernels.bridge_parcel_octets(len(laws)),
            kernels.bridge_linear_octets(places),
            kernels.bridge_key_octets(len(laws)),
        ):
            size = -(-size // 64) * 64 + octets
        self.memory = bytearray(size)
        kernels.bridge_init(self.memory, len(laws), 1, 0)
        kernels.bridge_widen(self.memory, len(laws))
        kernels.bridge_parcel_places(self.memory, len(laws))
        assert kernels.bridge_linear_places(self.memory, places) == 0
        kernels.bridge_key_places(self.memory, len(laws))
        for leg, law in enumerate(laws):
            assert self.add(leg, law) == 0
        self.keys = {}
        for leg in keyed:
            assert kernels.bridge_secure(self.memory, leg, 1, MASTER, MASTER, struct.pack("<I", leg + 1)) == 0
            self.keys[leg] = [bytearray(kernels.srtp_size()) for _ in range(2)]
            for state in self.keys[leg]:
                kernels.srtp_init(state, 1, MASTER, MASTER)
        self.coders = [bytearray(152) for _ in laws]
        for state in self.coders:
            kernels.g722_init(state)
        self.octets = [b"" for _ in laws]
        self.packets = [[] for _ in laws]

    def add(self, leg, law, flags=SPEAKS | HEARS):
        seed = struct.pack("<3I", leg + 1, 65530, START)
        return kernels.bridge_add_leg(self.memory, leg, 0, law, TYPES[law], 101, 1, flags, seed, bytes(6))

    def change(self, leg, law):
        done = kernels.bridge_change(self.memory, leg, law, TYPES[law], 101, SPEAKS | HEARS, bytes(6))
        if done == 0:
            self.laws[leg] = law
        return done

    def coded(self, leg, pcm):
        law = self.laws[leg]
        if law in (L16, L16_WIDE):
            return pcm.astype(">i2").tobytes()
        codes = bytearray(len(pcm) // (2 if law == G722 else 1))
        if law == G722:
            kernels.g722_encode(self.coders[leg], pcm, codes)
        else:
            kernels.g711_encode(law, pcm, codes)
        return bytes(codes)

    def say(self, leg, number, payload, ms=20):
        law = self.laws[leg]
        stamp = (START + CLOCK.get(law, 80) * ms // 10 * number) & 0xFFFFFFFF
        packet = struct.pack(">BBHII", 0x80, TYPES[law], number & 0xFFFF, stamp, 50 + leg) + payload
        if leg in self.keys:
            room = bytearray(packet + bytes(10))
            packet = bytes(room[: kernels.srtp_protect(self.keys[leg][0], room, len(packet))])
        return kernels.bridge_receive_leg(self.memory, leg, packet, len(packet))

    def tick(self):
        kernels.bridge_begin(self.memory, 0, 1)
        while made := kernels.bridge_mix(self.memory, 3):
            for place in range(made):
                leg = kernels.bridge_packet_leg(self.memory, place)
                at = kernels.bridge_packet(self.memory, place)
                packet = bytes(self.memory[at : at + kernels.bridge_packet_octets(self.memory, place)])
                if leg in self.keys:
                    plain = bytearray(len(packet))
                    packet = bytes(
                        plain[: kernels.srtp_unprotect(self.keys[leg][1], packet, len(packet), plain)]
                    )
                self.packets[leg].append(packet)
                self.octets[leg] += packet[12:]

    def listen(self, spoken, ticks=100, lost=()):
        """Speaks signals (leg -> samples); returns leg -> samples heard."""
        for number in range(ticks):
            for leg, pcm in spoken.items():
                frame = rate_of(self.laws[leg]) // 50
                payload = self.coded(leg, pcm[frame * number :][:frame])
                if number not in lost:
                    assert self.say(leg, number, payload) == 0
            self.tick()
        return [self.heard(leg) for leg in range(len(self.laws))]

    def heard(self, leg):
        law, octets = self.laws[leg], self.octets[leg]
        if law in (L16, L16_WIDE):
            return np.frombuffer(octets, ">i2").astype(np.int16)
        pcm = np.zeros(len(octets) * (2 if law == G722 else 1), dtype=np.int16)
        if law == G722:
            state = bytearray(152)
            kernels.g722_init(state)
            kernels.g722_decode(state, octets, pcm)
        else:
            kernels.g711_decode(law, octets, pcm)
        return pcm


def noise(law, frames=100, seed=1):
    """Any samples at all: full scale, both signs."""
    return np.random.default_rng(seed).integers(-32768, 32768, rate_of(law) // 50 * frames).astype(np.int16)


@pytest.mark.parametrize("keyed", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_one_voice_is_passed_on_to_the_bit(law, keyed):
    said = noise(law)
    heard = Hall([law, law], keyed=keyed).listen({0: said})[1]
    frame = rate_of(law) // 50
    silent = int(np.argmax(heard != 0)) // frame * frame
    assert silent <= 2 * frame
    assert (heard[silent:] == said[: len(heard) - silent]).all()


@pytest.mark.parametrize("law", [PCMU, PCMA])
def test_g711_alone_is_heard_in_l16_as_its_codes_mean(law):
    hall = Hall([law, L16])
    said = noise(law)
    heard = hall.listen({0: said})[1]
    codes, meant = bytearray(len(said)), np.zeros(len(said), dtype=np.int16)
    kernels.g711_encode(law, said, codes)
    kernels.g711_decode(law, codes, meant)
    assert meant[:8000].tobytes() in heard.tobytes()


@pytest.mark.parametrize("law", [PCMU, PCMA, G722])
@pytest.mark.parametrize("linear", [L16, L16_WIDE])
def test_rates_and_codecs_hear_each_other(law, linear):
    hall = Hall([linear, law])
    said = {0: tone(1000, rate_of(linear), 100), 1: tone(1400, rate_of(law), 100)}
    heard = hall.listen(said)
    assert abs(amplitude_of(heard[0], 1400, rate_of(linear)) - 6000) < 400
    assert abs(amplitude_of(heard[1], 1000, rate_of(law)) - 6000) < 400
    assert amplitude_of(heard[0], 1000, rate_of(linear)) < 80  # A-law has a fifth of 1400 Hz there
    assert amplitude_of(heard[1], 1400, rate_of(law)) < 30


def test_a_conference_of_all_of_them():
    laws = [PCMU, L16, G722, L16_WIDE, PCMA]
    hertz = [500, 700, 900, 1100, 1300]
    hall = Hall(laws, keyed=(0, 3))
    said = {leg: tone(hertz[leg], rate_of(law), 100, 2500) for leg, law in enumerate(laws)}
    heard = hall.listen(said)
    for leg, law in enumerate(laws):
        for other, one in enumerate(hertz):
            level = amplitude_of(heard[leg], one, rate_of(law))
            assert level < 40 if other == leg else abs(level - 2500) < 200, (leg, other, level)


@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_two_voices_are_summed_exactly(law):
    hall = Hall([law] * 3)
    said = {leg: tone(hertz, rate_of(law), 100, 5000) for leg, hertz in ((0, 700), (1, 1100))}
    heard = hall.listen(said)[2]
    frame = rate_of(law) // 50
    meant = (said[0] + said[1])[: 90 * frame]
    assert meant.tobytes() in heard.tobytes()


@pytest.mark.parametrize("law", [L16, L16_WIDE])
@pytest.mark.parametrize("ms", [10, 20, 30, 40, 60])
def test_packets_of_every_time_in_and_out(law, ms):
    if law == L16_WIDE and ms > 40:
        return
    hall = Hall([law, law])
    assert kernels.bridge_ptime(hall.memory, 1, ms) == 0
    said = noise(law, 120).astype(">i2").tobytes()
    octets, number, due = SLOT[law] * ms // 10, 0, 0
    for tick in range(120):
        while due < 20 * (tick + 1) and octets * (number + 1) <= len(said):
            assert hall.say(0, number, said[octets * number :][:octets], ms) == 0
            number, due = number + 1, due + ms
        hall.tick()
    assert {len(packet) for packet in hall.packets[1]} == {12 + octets}
    stamps = np.array([struct.unpack(">I", packet[4:8])[0] for packet in hall.packets[1]], dtype=np.uint32)
    assert set(np.diff(stamps).tolist()) == {CLOCK.get(law, 80) * ms // 10}
    sound = hall.octets[1].lstrip(b"\0")
    begin = said.find(sound[:2000])
    assert 0 <= begin <= 1 and sound[: len(said) // 2] == said[begin:][: len(said) // 2]


@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_lost_packets_are_concealed(law):
    clean = tone(440, rate_of(law), 100)
    lost = set(range(10, 90, 9))
    hall = Hall([law, PCMU, law])
    heard = hall.listen({0: clean}, lost=lost)
    stats = kernels.bridge_leg_stat(hall.memory, 0, 16)
    assert stats == 2 * len(lost)
    part = clean[: rate_of(law) * 3 // 2]
    assert snr_db(part, heard[2]) > 15


def test_timestamps_of_16000_hz_go_on_over_their_wrap_and_count_in_reports():
    hall = Hall([L16_WIDE, L16_WIDE])
    kernels.bridge_watch(hall.memory, 0, 1)
    kernels.bridge_ptime(hall.memory, 1, 30)
    for number in range(60):
        kernels.bridge_clock(hall.memory, 1000 + 20 * number)
        assert hall.say(0, number, bytes(640)) == 0
        hall.tick()
    figures = np.zeros(11, dtype=np.uint32)
    kernels.bridge_figures(hall.memory, 0, figures)
    assert (figures[7], figures[8]) == (60, 0)  # all of them, and no jitter: its clock was understood
    kernels.bridge_figures(hall.memory, 1, figures)
    assert (figures[1], figures[10]) == (40, 40 * 960)
    assert figures[2] == (START + 60 * 320) & 0xFFFFFFFF
    assert kernels.bridge_leg_stat(hall.memory, 0, 12) == 0  # no stranger took over
    assert kernels.bridge_leg_stat(hall.memory, 0, 1) == 0
    for ticks in (1, 50):
        kernels.bridge_skip(hall.memory, ticks)
    kernels.bridge_figures(hall.memory, 0, figures)
    assert figures[2] == (START + (60 + 51) * 320) & 0xFFFFFFFF


def test_places_for_l16_are_given_back():
    hall = Hall([PCMU] * 4, places=2)
    assert [hall.change(leg, law) for leg, law in ((0, L16), (1, L16_WIDE), (2, L16))] == [0, 0, NO_PLACE]
    before = bytes(hall.memory)
    assert hall.change(3, L16_WIDE) == NO_PLACE and bytes(hall.memory) == before
    assert [hall.change(0, L16_WIDE), hall.change(0, PCMA), hall.change(2, L16)] == [0, 0, 0]
    kernels.bridge_remove_leg(hall.memory, 1)
    assert hall.change(3, L16_WIDE) == 0
    for leg in (0, 2, 3):
        kernels.bridge_remove_leg(hall.memory, leg)
    assert [hall.add(leg, L16) for leg in range(3)] == [0, 0, NO_PLACE]
    with pytest.raises(ValueError, match="argument"):
        kernels.bridge_ptime(hall.memory, 3, 20)


@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_gain_choice_and_tones(law):
    hall = Hall([law, PCMU, law])
    kernels.bridge_gain(hall.memory, 0, 128)
    kernels.bridge_channels(hall.memory, 1, 2, 0x3FFFFFFF)
    kernels.bridge_channels(hall.memory, 2, 1, 1)  # not leg 1, who is on channel 2
    kernels.bridge_tell(hall.memory, 2, 10, 255)
    said = {0: tone(1000, rate_of(law), 100), 1: tone(1500, 8000, 100)}
    heard = hall.listen(said)
    assert abs(amplitude_of(heard[1], 1000, 8000) - 3000) < 200
    assert abs(amplitude_of(heard[2], 1000, rate_of(law)) - 3000) < 200
    assert amplitude_of(heard[2], 1500, rate_of(law)) < 40
    assert amplitude_of(heard[2], 850, rate_of(law)) > 500  # the tone it is told


@pytest.mark.parametrize("law", [L16, L16_WIDE])
def test_payloads_of_odd_lengths_are_refused(law):
    hall = Hall([law])
    for octets in (0, 1, 80, 161, SLOT[law] - 1, SLOT[law] * 8 + 1, SLOT[law] * 9):
        if octets % SLOT[law] or not octets or octets > 8 * SLOT[law]:
            assert hall.say(0, octets, bytes(octets)) == -1
    assert hall.say(0, 1, bytes(SLOT[law] * 4)) == 0
