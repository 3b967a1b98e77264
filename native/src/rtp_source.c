/** @file rtp_source.c See rtp_source.h. */
#include "rtp_source.h"

enum {
    DROPOUT_MAX = 3000, /* RFC 3550 A.1 */
    MISORDER_MAX = 100
};

static void begin(rtp_source *source, uint32_t ssrc, uint32_t sequence, uint32_t transit) {
    source->heard = 1;
    source->ssrc = ssrc;
    source->first = source->highest = sequence;
    source->packets = 0;
    source->transit = transit;
    source->jitter = 0;
    source->restart = RTP_SOURCE_NO_RESTART;
}

void rtp_source_note(rtp_source *source, uint32_t ssrc, uint32_t sequence, uint32_t timestamp, uint32_t arrival) {
    uint32_t transit = arrival - timestamp;
    if (!source->heard || source->ssrc != ssrc) {
        begin(source, ssrc, sequence, transit);
    }
    uint32_t ahead = (sequence - source->highest) & 0xFFFF;
    if (ahead < DROPOUT_MAX) {
        source->highest += ahead; /* carries into the cycles */
    } else if (ahead <= 0x10000 - MISORDER_MAX) {
        if (sequence != source->restart) { /* a jump: believed when the next packet goes on from it */
            source->restart = (sequence + 1) & 0xFFFF;
            return;
        }
        begin(source, ssrc, sequence, transit);
    }
    source->packets++;
    int32_t change = (int32_t)(transit - source->transit); /* A.8 */
    uint32_t difference = change < 0 ? 0U - (uint32_t)change : (uint32_t)change;
    source->transit = transit;
    source->jitter += difference - ((source->jitter + 8) >> 4);
}
