/** @file read.c Plain requests, and the pieces that are made of them; the contract stands in parley_sip.h. */
#include "parley_sip.h"

#include "head.h"

#include <string.h>

enum { MOST_OCTETS = 4096, MOST_TAIL = 1024, MOST_ASKER = 200 };

/** The pieces that are being written. */
typedef struct writer {
    uint8_t *at;
    int32_t used;
} writer;

static int take_digits(span *text) {
    int32_t digits = skip(text, DIGITS);
    return digits > 0 && digits <= 18;
}

/** Reads an offer up to its first audio port; what follows is `tail`. */
static int read_offer(span body, span *tail) {
    uint32_t address;
    span line;
    if (!take(&body, "v=0\r\no=") || skip(&body, VISIBLE) == 0 || !take(&body, " ") || !take_digits(&body) ||
        !take(&body, " ") || !take_digits(&body) || !take(&body, " IN IP4 ") || !take_ipv4(&body, &address) ||
        !take(&body, "\r\ns=") || !take_line(&body, &line) || line.octets == 0) {
        return 0;
    }
    if (!take(&body, "c=IN IP4 ") || !take_ipv4(&body, &address) || !take(&body, "\r\nt=0 0\r\nm=audio ")) {
        return 0;
    }
    int32_t port = take_number(&body, 5);
    if (port < 1000 || !take(&body, " ")) {
        return 0;
    }
    *tail = body;
    if (body.octets > MOST_TAIL || !take(&body, "RTP/") || body.octets == 0) {
        return 0;
    }
    for (int32_t at = 0; at < body.octets; at++) {
        int c = body.at[at];
        if ((c < ' ' || c > '~') && c != '\r' && c != '\n') {
            return 0;
        }
    }
    return 1;
}

static void write_text(writer *to, const void *at, int32_t octets) {
    memcpy(to->at + to->used, at, (size_t)octets);
    to->used += octets;
}

static void write_span(writer *to, span text) { write_text(to, text.at, text.octets); }

static void write_lower(writer *to, span text) {
    for (int32_t at = 0; at < text.octets; at++) {
        int c = text.at[at];
        to->at[to->used++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
}

static void write_decimal(writer *to, uint32_t value) {
    to->used = (int32_t)(put_decimal(to->at + to->used, value) - to->at);
}

/** Writes the Via with its true source (RFC 3261 18.2.1, RFC 3581 4). */
static void write_via(writer *to, const sip_head *found, uint32_t address, int32_t port) {
    span line = found->line[found->via_line], params = found->via_params;
    write_text(to, line.at, (int32_t)(params.at - line.at));
    write_text(to, params.at, found->rport + 6);
    write_text(to, "=", 1);
    write_decimal(to, (uint32_t)port);
    write_text(to, params.at + found->rport + 6, params.octets - found->rport - 6);
    write_text(to, ";received=", 10);
    for (int32_t shift = 24; shift >= 0; shift -= 8) {
        write_decimal(to, address >> shift & 255);
        if (shift != 0) {
            write_text(to, ".", 1);
        }
    }
}

static void write_key(writer *to, span sent_by, span branch) {
    write_lower(to, sent_by);
    write_text(to, " ", 1);
    write_lower(to, branch);
}

static void write_pieces(writer *to, int32_t *ends, const sip_head *found, span tail, uint32_t address, int32_t port) {
    write_key(to, found->via_host, found->branch);
    ends[0] = to->used;
    write_span(to, found->call_id);
    write_text(to, " ", 1);
    write_span(to, found->from_tag);
    write_text(to, " ", 1);
    write_span(to, found->number);
    ends[1] = to->used;
    for (int32_t place = 0; place < found->lines; place++) {
        if (place != 0) {
            write_text(to, "\r\n", 2);
        }
        if (place == found->via_line && found->rport >= 0) {
            write_via(to, found, address, port);
        } else {
            write_span(to, found->line[place]);
        }
        if (place == found->to_line) {
            ends[2] = to->used;
        }
    }
    ends[3] = to->used;
    write_span(to, found->uri);
    ends[4] = to->used;
    write_span(to, tail);
    ends[5] = to->used;
    write_text(to, found->from_uri.at,
               found->from_uri.octets < MOST_ASKER ? found->from_uri.octets : MOST_ASKER);
    ends[6] = to->used;
}

static const uint8_t *find(span text, const char *what) {
    int32_t octets = (int32_t)strlen(what);
    for (int32_t at = 0; at + octets <= text.octets; at++) {
        if (text.at[at] == (uint8_t)what[0] && memcmp(text.at + at, what, (size_t)octets) == 0) {
            return text.at + at;
        }
    }
    return NULL;
}

/** Reads an ACK as far as its transaction's key. */
static int32_t read_ack(span text, writer *to, int32_t *ends) {
    const uint8_t *begin = find(text, "\r\nVia: SIP/2.0/UDP ");
    if (begin == NULL) {
        return PARLEY_SIP_OTHER;
    }
    span line, rest = {begin + 19, text.octets - (int32_t)(begin + 19 - text.at)};
    if (!take_line(&rest, &line)) {
        return PARLEY_SIP_OTHER;
    }
    const uint8_t *end = find(line, ";"), *branch = find(line, ";branch=z9hG4bK");
    if (end == NULL || branch == NULL) {
        return PARLEY_SIP_OTHER;
    }
    span value = {branch + 8, line.octets - (int32_t)(branch + 8 - line.at)};
    const uint8_t *value_end = find(value, ";");
    if (value_end != NULL) {
        value = from(value, value_end);
    }
    if (value.octets <= 7) {
        return PARLEY_SIP_OTHER;
    }
    write_key(to, from(line, end), value);
    ends[0] = to->used;
    return PARLEY_SIP_ACK;
}

int32_t parley_sip_read(const uint8_t *data, int32_t octets, uint32_t address, int32_t port, uint8_t *scratch,
                        int32_t *ends, int32_t *back_port) {
    span text = {data, octets}, tail;
    writer to = {scratch, 0};
    sip_head found;
    if (octets < 8 || octets > MOST_OCTETS) {
        return PARLEY_SIP_OTHER;
    }
    if (memcmp(data, "ACK ", 4) == 0) {
        return read_ack(text, &to, ends);
    }
    if (memcmp(data, "INVITE ", 7) != 0 || !read_head(&text, &found) || !read_offer(text, &tail)) {
        return PARLEY_SIP_OTHER;
    }
    if (found.rport < 0 && found.via_address != address) {
        return PARLEY_SIP_OTHER;
    }
    *back_port = found.rport >= 0 ? port : found.via_port != 0 ? found.via_port : 5060;
    write_pieces(&to, ends, &found, tail, address, port);
    return PARLEY_SIP_INVITE;
}
