/** @file text.h Pieces of SIP's grammar (RFC 3261 25.1), taken from a span one after the other. Part of parley_sip. */
#ifndef PARLEY_SIP_TEXT_H
#define PARLEY_SIP_TEXT_H

#include <stdint.h>
#include <string.h>

/** A part of the datagram. */
typedef struct span {
    const uint8_t *at;
    int32_t octets;
} span;

/** A kind of octets below 128: a bit for each, the first 64 in `low`. */
typedef struct octets {
    uint64_t low, high;
} octets;

static const octets DIGITS = {0x03ff000000000000U, 0x0000000000000000U};
static const octets LETTERS = {0x0000000000000000U, 0x07fffffe07fffffeU};
static const octets TOKEN = {0x03ff6ca200000000U, 0x47ffffff87fffffeU}; /* RFC 3261 25.1, token */
static const octets WORD = {0xd7ffefa200000000U, 0x6fffffffbfffffffU}; /* of a Call-ID */
static const octets PARAMS = {0x7fff680400000000U, 0x07fffffe87fffffeU}; /* of a Contact's parameters, more or less */
static const octets VISIBLE = {0xfffffffe00000000U, 0x7fffffffffffffffU};
static const octets NAME = {0x03ff680000000000U, 0x07fffffe87fffffeU}; /* of a display name */
static const octets QUOTED = {0x03ff680100000000U, 0x07fffffe87ffffffU}; /* of a quoted one */
static const octets USER = {0xabffffd200000000U, 0x47fffffe87fffffeU};
static const octets VALUE = {0x03ff6c8200000000U, 0x47fffffe87fffffeU}; /* of a URI's parameter */
static const octets LABEL = {0x03ff200000000000U, 0x07fffffe07fffffeU}; /* of a host name */

static inline int is(octets kind, int c) { return c < 128 && ((c < 64 ? kind.low : kind.high) >> (c & 63) & 1) != 0; }

/** Takes octets of a kind; returns how many. */
static inline int32_t skip(span *text, octets kind) {
    int32_t taken = 0;
    while (taken < text->octets && is(kind, text->at[taken])) {
        taken++;
    }
    text->at += taken;
    text->octets -= taken;
    return taken;
}

/** Takes a fixed text, if it is next. */
static inline int take(span *text, const char *fixed) {
    int32_t count = (int32_t)strlen(fixed);
    if (text->octets < count || memcmp(text->at, fixed, (size_t)count) != 0) {
        return 0;
    }
    text->at += count;
    text->octets -= count;
    return 1;
}

static inline int equals(span text, const char *fixed) { return take(&text, fixed) && text.octets == 0; }

/** Takes a number of 1 to `most` digits that does not begin with 0; 0 is none. */
int32_t take_number(span *text, int32_t most);

/** Takes ":port", or nothing; returns the port, 0 for none, -1 for a bad one. */
int32_t take_port(span *text);

/** Takes an IPv4 address in its one spelling. */
int take_ipv4(span *text, uint32_t *address);

/** Takes a SIP URI. */
int take_uri(span *text, span *uri);

/** Takes a name-addr: an optional display name, and the URI in angle brackets. */
int take_name_addr(span *text, span *uri);

/** Takes a line up to CRLF; no other control octet may be in it. */
int take_line(span *text, span *line);

/** Writes a number, ten digits at most; returns where it ends. */
uint8_t *put_decimal(uint8_t *to, uint32_t value);

/** Returns the span from where `begin` does up to `end`. */
span from(span begin, const uint8_t *end);

#endif
