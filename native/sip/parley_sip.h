/** @file parley_sip.h
 * Plain SIP requests read from their octets, and datagrams in batches: what a redirect server does most.
 *
 * The readers know a part of the grammar of parleyd/plain.py and nothing beyond it: what they do not take goes to that
 * file, and what that does not take to parley.call. They write no memory but `scratch` and the row, allocate nothing
 * and keep nothing.
 */
#ifndef PARLEY_SIP_H
#define PARLEY_SIP_H

#include <stdint.h>

enum {
    PARLEY_SIP_OTHER = 0,
    PARLEY_SIP_INVITE = 1,
    PARLEY_SIP_ACK = 2,
    PARLEY_SIP_PIECES = 7,
    /* A row of the batch: kind, octets of the datagram (-1: cut short), address of the peer (host byte order), its port,
     * the port that the answer goes to, then where each piece ends in scratch. */
    PARLEY_SIP_ROW = 12,
    PARLEY_SIP_DATAGRAM = 65728, /* octets from one to the next: any datagram fits; an odd number of cache lines */
    PARLEY_SIP_SCRATCH = 8320,   /* twice the longest plain request, and what is written anew in its Via */
    PARLEY_SIP_BATCH = 64
};

/** Reads a request.
 * INVITE: writes the pieces key, merged, header lines before To's tag, those after it, Request-URI, end of the offer,
 * From's URI (see PlainInvite in parleyd/plain.py) to `scratch`, where each ends to `ends`, and where the answer goes.
 * ACK: the key alone.
 * @param data, octets  the datagram
 * @param address, port  where it came from, host byte order
 * @param scratch  PARLEY_SIP_SCRATCH octets
 * @param ends  PARLEY_SIP_PIECES places, offsets in scratch
 * @return PARLEY_SIP_INVITE, PARLEY_SIP_ACK, or PARLEY_SIP_OTHER for whatever is not plain
 */
int32_t parley_sip_read(const uint8_t *data, int32_t octets, uint32_t address, int32_t port, uint8_t *scratch,
                        int32_t *ends, int32_t *back_port);

/** Takes what has arrived at a UDP socket of IPv4, PARLEY_SIP_BATCH datagrams at most, and reads each.
 * @param data, scratch  PARLEY_SIP_BATCH times PARLEY_SIP_DATAGRAM and PARLEY_SIP_SCRATCH octets
 * @param rows  PARLEY_SIP_BATCH times PARLEY_SIP_ROW places
 * @return datagrams, 0 when there are none, or -errno
 */
int32_t parley_sip_receive(int32_t fd, uint8_t *data, uint8_t *scratch, int64_t *rows);

/** Sends `count` datagrams of IPv4 that lie one behind the other in `data`.
 * @param sizes  octets of each
 * @param addresses, ports  to whom, host byte order
 * @return how many the system did not take; they are lost, as on any network
 */
int32_t parley_sip_send(int32_t fd, int32_t count, const uint8_t *data, const int32_t *sizes,
                        const uint32_t *addresses, const int32_t *ports);

#endif
