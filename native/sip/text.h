/** @file text.h Pieces of SIP's grammar (RFC 3261 25.1), taken from a span one after the other. Part of parley_sip. */
#ifndef PARLEY_SIP_TEXT_H
#define PARLEY_SIP_TEXT_H

#include <stdint.h>

/** A part of the datagram. */
typedef struct span {
    const uint8_t *at;
    int32_t octets;
} span;

/* Kinds of octets. */
int is_digit(int c);
int is_alpha(int c);
int is_token(int c); /* RFC 3261 25.1, token */
int is_word(int c);  /* of a Call-ID */
int is_param(int c); /* of a Contact's parameters, more or less */

/** Takes octets of a kind; returns how many. */
int32_t skip(span *text, int (*kind)(int));

/** Takes a fixed text, if it is next. */
int take(span *text, const char *fixed);

int equals(span text, const char *fixed);

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

/** Returns the span from where `begin` does up to `end`. */
span from(span begin, const uint8_t *end);

#endif
