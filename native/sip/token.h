/** @file token.h The signed user part of a conference's address, as firmware/parley/wire/address.py has it: its HMAC-SHA256
 * (RFC 2104, FIPS 180-4) with the key's two blocks done beforehand. Part of parley_sip. */
#ifndef PARLEY_SIP_TOKEN_H
#define PARLEY_SIP_TOKEN_H

#include "parley_sip.h"

enum { TOKEN_CHARACTERS = 46 };

/** @param octets  of the key, 1..64 */
void token_key(parley_sip_place *place, const uint8_t *key, int32_t octets);

/** Writes TOKEN_CHARACTERS. */
void token_write(const parley_sip_place *place, int32_t slot, uint32_t generation, int32_t size, uint32_t expires_s,
                 uint8_t *to);

#endif
