/** @file head.h The head of a plain INVITE. Part of parley_sip. */
#ifndef PARLEY_SIP_HEAD_H
#define PARLEY_SIP_HEAD_H

#include "text.h"

enum { SIP_MOST_LINES = 64 };

/** What an INVITE's head says. */
typedef struct sip_head {
    span uri, via, from_uri, from_tag, call_id, number, branch, via_host, via_params;
    span line[SIP_MOST_LINES]; /* those that the answer copies */
    int32_t lines, to_line, via_line;
    int32_t via_port, rport; /* port 0: none named; rport: offset of ";rport" in via_params, or -1 */
    int32_t content_octets;
    uint32_t via_address, seen;
} sip_head;

/** Reads request line and header fields, up to the body; 0 if any of them is not plain.
 * @param text  the datagram; afterwards its body
 */
int read_head(span *text, sip_head *found);

#endif
