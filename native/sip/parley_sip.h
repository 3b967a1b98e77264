/** @file parley_sip.h
 * Plain SIP requests read from their octets, and datagrams in batches: what a redirect server does most.
 *
 * The readers know a part of the grammar of parleyd/plain.py and nothing beyond it: what they do not take goes to that
 * file, and what that does not take to parley.call. They write no memory but `scratch` and the row, allocate nothing
 * and keep nothing.
 *
 * `parley_redirects` keeps the server transactions of plain INVITEs as parleyd/redirects.py does (RFC 3261 17.2.1):
 * what needs no decision, repetitions, ACKs and timers, never reaches Python.
 */
#ifndef PARLEY_SIP_H
#define PARLEY_SIP_H

#include <stdint.h>

enum {
    PARLEY_SIP_OTHER = 0,
    PARLEY_SIP_INVITE = 1,
    PARLEY_SIP_ACK = 2,
    PARLEY_SIP_TAKEN = 3,  /* nothing is left to do */
    PARLEY_SIP_MERGED = 4, /* a new INVITE whose copy came by another path (RFC 3261 8.2.2.2) */
    PARLEY_SIP_FULL = 5,   /* a new INVITE for which there is no room */
    PARLEY_SIP_PIECES = 7,
    /* A row of the batch: kind, place of the datagram and its pieces, its octets, address of the peer (host byte order),
     * its port; where in scratch the Request-URI begins and ends, and the offer's end; then, of those who ask, which is
     * the first, how many there are, where their URIs begin and end. */
    PARLEY_SIP_ROW = 12,
    PARLEY_SIP_DATAGRAM = 65728, /* octets from one to the next: any datagram fits; an odd number of cache lines */
    PARLEY_SIP_SCRATCH = 8320,   /* twice the longest plain request, and what is written anew in its Via */
    PARLEY_SIP_BATCH = 64,
    PARLEY_SIP_COUNTS = 3,
    PARLEY_SIP_TAG = 16, /* characters of a To tag */
    PARLEY_SIP_ASKER = 201, /* From's URI and the end of its line */
    PARLEY_SIP_PLACE = 300
};

/** Where a board is, and its key: what the addresses of its conferences have in common. */
typedef struct parley_sip_place {
    uint32_t inner[8], outer[8]; /* HMAC-SHA256 with the key's blocks done */
    int32_t octets;
    uint8_t text[300]; /* "@host:port..." up to the end of the Contact's parameters */
} parley_sip_place;

/** A conference's address, given out as the answer to a transaction: size in legs, expires_s in unix seconds; ttl_s of
 * the Expires header. */
typedef struct parley_sip_grant {
    const parley_sip_place *place;
    int32_t number, slot, size, ttl_s;
    uint32_t generation, expires_s;
} parley_sip_grant;

typedef struct parley_redirects parley_redirects;

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

/** Requests that have begun transactions, or would have, in the order in which they came. */
typedef struct parley_sip_asked {
    int32_t count, octets;
    int32_t numbers[PARLEY_SIP_BATCH];    /* transactions, -1 for none */
    uint32_t addresses[PARLEY_SIP_BATCH]; /* where they came from, host byte order */
    uint8_t askers[PARLEY_SIP_BATCH * PARLEY_SIP_ASKER]; /* From's URIs, a line each */
} parley_sip_asked;

/** Takes what has arrived at a UDP socket of IPv4, PARLEY_SIP_BATCH datagrams at most.
 * @param redirects  that take what is theirs, or NULL
 * @param begin  whether they may begin transactions
 * @param together  whether new INVITEs that say the same, with nothing between that is left to do, share a row
 * @param data, scratch  PARLEY_SIP_BATCH times PARLEY_SIP_DATAGRAM and PARLEY_SIP_SCRATCH octets
 * @param rows  PARLEY_SIP_BATCH times PARLEY_SIP_ROW places, for what is left to do
 * @param asked  who asks in these rows
 * @param left  how many rows there are
 * @return datagrams, 0 when there are none, or -errno
 */
int32_t parley_sip_receive(int32_t fd, parley_redirects *redirects, int64_t now_ms, int32_t begin, int32_t together,
                           uint8_t *data, uint8_t *scratch, int64_t *rows, parley_sip_asked *asked, int32_t *left);

/** Sends `count` datagrams of IPv4 that lie one behind the other in `data`.
 * @param sizes  octets of each
 * @param addresses, ports  to whom, host byte order
 * @return how many the system did not take; they are lost, as on any network
 */
int32_t parley_sip_send(int32_t fd, int32_t count, const uint8_t *data, const int32_t *sizes,
                        const uint32_t *addresses, const int32_t *ports);


/** Makes room for `most` transactions; NULL without memory.
 * @param seed  16 random octets, so that nobody can know which keys share a place
 * @param server  header lines of every answer, "\r\nName: value" each
 */
parley_redirects *parley_redirects_new(int32_t most, const uint8_t *seed, const uint8_t *server, int32_t octets);

void parley_redirects_free(parley_redirects *redirects);

/** Takes one datagram.
 * @param fd  the socket by which it came, -1 for none: its answers wait for parley_redirects_pop
 * @param begin  whether a transaction may begin
 * @param scratch, ends  as of parley_sip_read
 * @param number  of the transaction that began
 * @return PARLEY_SIP_TAKEN; INVITE or MERGED: it waits for an answer; FULL, or OTHER for whatever is not ours
 */
int32_t parley_redirects_take(parley_redirects *redirects, const uint8_t *data, int32_t octets, uint32_t address,
                              int32_t port, int32_t fd, int64_t now_ms, int32_t begin, uint8_t *scratch, int32_t *ends,
                              int32_t *number);

/** Takes random To tags of PARLEY_SIP_TAG characters; the text must live until the last of them is used. */
void parley_redirects_tags(parley_redirects *redirects, const uint8_t *tags, int32_t count);

/** Answers a transaction, the response is sent by parley_redirects_send or taken by parley_redirects_pop.
 * @param status  "302 Moved Temporarily"
 * @param more  header lines, "\r\nName: value" each
 * @return tags that are left, or -1 without one or without memory: nothing happened
 */
int32_t parley_redirects_answer(parley_redirects *redirects, int32_t number, const uint8_t *status, int32_t status_octets,
                                const uint8_t *more, int32_t more_octets);

/** Notes a board's key, 1..64 octets, and what follows the token in its addresses. */
void parley_sip_place_at(parley_sip_place *place, const uint8_t *key, int32_t key_octets, const uint8_t *text,
                         int32_t octets);

/** Answers transactions with addresses of conferences, as parleyd/transmit.py writes them, until tags or memory end.
 * @param answered  how many of them were
 * @return as parley_redirects_answer
 */
int32_t parley_redirects_grant(parley_redirects *redirects, const parley_sip_grant *grants, int32_t count,
                               int32_t *answered);

/** Ends a transaction that is not answered, as if it had never begun. */
void parley_redirects_forget(parley_redirects *redirects, int32_t number);

/** Repeats what is not acknowledged in time (timer G), gives up (H), forgets (I). */
void parley_redirects_tick(parley_redirects *redirects, int64_t now_ms);

/** Returns when that is due, or -1. */
int64_t parley_redirects_deadline(const parley_redirects *redirects);

/** Returns how many transactions there are. */
int32_t parley_redirects_held(const parley_redirects *redirects);

/** Tells whether there is a transaction of this key. */
int32_t parley_redirects_knows(const parley_redirects *redirects, const uint8_t *key, int32_t octets);

/** Adds what was counted since the last call: repeated requests, responses sent again, those never acknowledged. */
void parley_redirects_counts(parley_redirects *redirects, int32_t *counts);

/** Sends what is to be sent, each by the socket that its request came by; returns how many the system did not take. */
int32_t parley_redirects_send(parley_redirects *redirects);

/** Takes the next response that is to be sent; NULL without any. */
const uint8_t *parley_redirects_pop(parley_redirects *redirects, int32_t *octets, uint32_t *address, int32_t *port);

#endif
