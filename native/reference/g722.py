"""ITU-T G.722 at 64 kbit/s, straight from its clauses: whole numbers, the blocks by their names there."""

WL = (-60, -30, 58, 172, 334, 538, 1198, 3042)
RL42 = (0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0)
ILB = tuple(int(2048 * 2 ** (i / 32) + 0.5) for i in range(32))
WH = (0, -214, 798)
RH2 = (2, 1, 2, 1)
QM2 = (-7408, -1616, 7408, 1616)
QM4 = (0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0)
_POSITIVE = (
    *(24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000),
    *(5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728),
)
QM6 = (*(-136,) * 4, *(-value for value in _POSITIVE), *_POSITIVE, 432, 136, -432, -136)
Q6 = (
    *(0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023),
    *(1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919),
)
ILN = (0, 63, 62, *range(31, 3, -1))
ILP = (0, *range(61, 31, -1))
QMF = (3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11)


def limit(value, most=32767):
    """Returns a value cut to -most - 1 ... most."""
    return max(-most - 1, min(most, int(value)))


class Band:
    """The adaptive predictor and quantizer of one band (clauses 3.4 to 3.6)."""

    def __init__(self, det):
        self.s = self.sz = self.nb = 0
        self.det = det
        self.a, self.r, self.p = [0, 0], [0, 0], [0, 0]
        self.b, self.d = [0] * 6, [0] * 6

    def block4(self, dq):
        """RECONS, PARREC, UPPOL2, UPPOL1, UPZERO, DELAYA, FILTEP, FILTEZ, PREDIC."""
        rebuilt, partial = limit(self.s + dq), limit(self.sz + dq)
        signs = [(partial < 0) == (old < 0) for old in self.p]
        wd1 = limit(self.a[0] * 4)
        wd2 = min(-wd1 if signs[0] else wd1, 32767)
        apl2 = (wd2 >> 7) + (128 if signs[1] else -128) + ((self.a[1] * 32512) >> 15)
        apl2 = max(-12288, min(12288, apl2))
        apl1 = limit(((self.a[0] * 32640) >> 15) + (192 if signs[0] else -192))
        most = 15360 - apl2
        apl1 = max(-most, min(most, apl1))
        step = 128 if dq else 0
        self.b = [
            limit(((b * 32640) >> 15) + (step if (d < 0) == (dq < 0) else -step))
            for b, d in zip(self.b, self.d, strict=True)
        ]
        self.a, self.d = [apl1, apl2], [dq, *self.d[:5]]
        self.r, self.p = [rebuilt, self.r[0]], [partial, self.p[0]]
        sp = limit(sum((a * limit(2 * r)) >> 15 for a, r in zip(self.a, self.r, strict=True)))
        self.sz = limit(sum((b * limit(2 * d)) >> 15 for b, d in zip(self.b, self.d, strict=True)))
        self.s = limit(sp + self.sz)

    def scale(self, by, most, shift):
        """LOGSCL and SCALEL, or LOGSCH and SCALEH."""
        self.nb = max(0, min(most, ((self.nb * 127) >> 7) + by))
        down = shift - (self.nb >> 11)
        mantissa = ILB[(self.nb >> 6) & 31]
        self.det = (mantissa << -down if down < 0 else mantissa >> down) << 2

    def take_low(self, code):
        """Takes a code of the lower band."""
        dq = (self.det * QM4[code >> 2]) >> 15
        self.scale(WL[RL42[code >> 2]], 18432, 8)
        self.block4(dq)

    def take_high(self, code):
        """Takes a code of the higher band."""
        dq = (self.det * QM2[code]) >> 15
        self.scale(WH[RH2[code]], 22528, 10)
        self.block4(dq)


class Codec:
    """A coder or a decoder."""

    def __init__(self):
        self.low, self.high = Band(32), Band(8)
        self.line = [0] * 24  # the newest first

    def encode(self, pcm):
        """Returns the codes of an even number of samples at 16000 Hz."""
        codes = bytearray()
        for i in range(0, len(pcm), 2):
            self.line = [int(pcm[i + 1]), int(pcm[i]), *self.line[:22]]
            xa = sum(h * x for h, x in zip(QMF, self.line[0::2], strict=True))
            xb = sum(h * x for h, x in zip(reversed(QMF), self.line[1::2], strict=True))
            low, high = self._quantl((xa + xb) >> 14), self._quanth((xa - xb) >> 14)
            codes.append(high << 6 | low)
            self.low.take_low(low)
            self.high.take_high(high)
        return bytes(codes)

    def _quantl(self, value):
        el = limit(value - self.low.s)
        wd = el if el >= 0 else -(el + 1)
        mil = 1
        while mil < 30 and wd >= (Q6[mil] * self.low.det) >> 12:
            mil += 1
        return ILN[mil] if el < 0 else ILP[mil]

    def _quanth(self, value):
        eh = limit(value - self.high.s)
        wd = eh if eh >= 0 else -(eh + 1)
        mih = 2 if wd >= (564 * self.high.det) >> 12 else 1
        return (0, 1, 0)[mih] if eh < 0 else (0, 3, 2)[mih]

    def decode(self, codes):
        """Returns two samples for each code, a list."""
        pcm = []
        for code in codes:
            low, high = code & 63, code >> 6
            rl = limit(self.low.s + ((self.low.det * QM6[low]) >> 15), 16383)
            rh = limit(self.high.s + ((self.high.det * QM2[high]) >> 15), 16383)
            self.low.take_low(low)
            self.high.take_high(high)
            self.line = [rl - rh, rl + rh, *self.line[:22]]
            pcm.append(limit(sum(h * x for h, x in zip(QMF, self.line[0::2], strict=True)) >> 11))
            pcm.append(limit(sum(h * x for h, x in zip(reversed(QMF), self.line[1::2], strict=True)) >> 11))
        return pcm
