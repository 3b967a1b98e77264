"""ITU-T G.711 by its definition: decision values and quantized values of Tables 1a, 1b, 2a and 2b, on numpy.

Written from the Recommendation, not from the C: intervals are looked up in a list of decision values.
"""

import numpy as np

PCMU, PCMA = 0, 8  # RFC 3551 section 6


def _decision_values(segments):
    """Returns x_0 = 0, x_1 ... from (number of intervals, size of each) of every segment."""
    sizes = [size for count, size in segments for _ in range(count)]
    return np.concatenate(([0], np.cumsum(sizes)))


class Law:
    """One companding law.

    decisions: x_0 ... x_128 of the Recommendation, on the scale of a 16-bit sample
    outputs: [128] value at the decoder output of interval 0 ... 127, on the same scale
    codes: [2, 128] character signal of each interval, for positive and for negative values
    """

    def __init__(self, unit, decisions, outputs, codes):
        self.decisions = decisions * unit
        self.outputs = (outputs * unit).astype(np.int16)
        self.codes = codes.astype(np.uint8)

    def encode(self, pcm):
        """Returns the codes of int16 samples; an interval owns its lower bound, zero is positive."""
        wide = np.asarray(pcm, dtype=np.int64)
        interval = np.searchsorted(self.decisions, np.abs(wide), side="right") - 1
        return self.codes[(wide < 0).astype(int), np.minimum(interval, 127)]

    def decode(self, codes):
        """Returns the int16 samples of codes."""
        table = np.zeros(256, dtype=np.int16)
        table[self.codes[0]] = self.outputs
        table[self.codes[1]] = -self.outputs
        return table[np.asarray(codes, dtype=np.uint8)]


def _mu_law():
    x = _decision_values([(1, 1), (15, 2)] + [(16, 4 << segment) for segment in range(7)])
    assert x[-1] == 8159  # Table 2a, the virtual decision value x_128
    y = np.concatenate(([0], (x[1:-1] + x[2:]) // 2))  # Table 2a note: y_0 = 0, y_n = (x_n + x_n+1) / 2
    n = np.arange(128)
    return Law(4, x, y, np.stack((255 - n, 127 - n)))  # Tables 2a and 2b, column 6


def _a_law():
    x = _decision_values([(32, 2)] + [(16, 4 << segment) for segment in range(6)])
    assert x[-1] == 4096  # Table 1a, the virtual decision value x_128
    y = (x[:-1] + x[1:]) // 2  # Table 1a note: y_n = (x_n-1 + x_n) / 2
    n = np.arange(128)
    return Law(8, x, y, np.stack((128 + n, n)) ^ 0x55)  # Table 1a note: even bits inverted


LAWS = {PCMU: _mu_law(), PCMA: _a_law()}
