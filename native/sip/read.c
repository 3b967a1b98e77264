/** @file read.c Plain requests; the contract stands in parley_sip.h, the grammar in parleyd/plain.py. */
#include "parley_sip.h"

#include <string.h>

enum { MOST_OCTETS = 4096, MOST_TAIL = 1024, MOST_ASKER = 200, MOST_LINES = 64 };

/** A part of the datagram. */
typedef struct span {
    const uint8_t *at;
    int32_t octets;
} span;

/** The pieces that are being written. */
typedef struct writer {
    uint8_t *at;
    int32_t used;
} writer;

/** What an INVITE's head says. */
typedef struct head {
    span uri, via, from_uri, from_tag, call_id, number, branch, via_host, via_params;
    span line[MOST_LINES]; /* those that the answer copies */
    int32_t lines, to_line, via_line;
    int32_t via_port, rport; /* port 0: none named; rport: offset of ";rport" in via_params, or -1 */
    int32_t content_octets;
    uint32_t via_address, seen;
} head;

enum {
    SEEN_VIA = 1, SEEN_FROM = 2, SEEN_TO = 4, SEEN_CALL_ID = 8, SEEN_CSEQ = 16, SEEN_CONTACT = 32, SEEN_HOPS = 64,
    SEEN_TYPE = 128, SEEN_LENGTH = 256,
    SEEN_ALL = SEEN_VIA | SEEN_FROM | SEEN_TO | SEEN_CALL_ID | SEEN_CSEQ | SEEN_TYPE | SEEN_LENGTH
};

static int is_digit(int c) { return c >= '0' && c <= '9'; }

static int is_alpha(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static int is_alnum(int c) { return is_digit(c) || is_alpha(c); }

static int is_of(int c, const char *marks) { return c != 0 && (is_alnum(c) || strchr(marks, c) != NULL); }

static int is_name(int c) { return is_of(c, "_.+-"); }

static int is_quoted(int c) { return is_of(c, " _.@+-"); }

static int is_user(int c) { return is_of(c, "._~!*'()&=+$,;?/-"); }

static int is_value(int c) { return is_of(c, "._~!*'+-"); }

static int is_token(int c) { return is_of(c, ".!%*_+`'~-"); }

static int is_word(int c) { return is_of(c, ".!%*_+`'~()<>:\\/[]?{}@-"); }

static int is_param(int c) { return is_of(c, "._=\"<>:;+-"); }

/** Takes octets of a kind; returns how many. */
static int32_t skip(span *text, int (*kind)(int)) {
    int32_t taken = 0;
    while (taken < text->octets && kind(text->at[taken])) {
        taken++;
    }
    text->at += taken;
    text->octets -= taken;
    return taken;
}

/** Takes a fixed text, if it is next. */
static int take(span *text, const char *fixed) {
    int32_t octets = (int32_t)strlen(fixed);
    if (text->octets < octets || memcmp(text->at, fixed, (size_t)octets) != 0) {
        return 0;
    }
    text->at += octets;
    text->octets -= octets;
    return 1;
}

static int equals(span text, const char *fixed) { return take(&text, fixed) && text.octets == 0; }

/** Takes a number of 1 to `most` digits that does not begin with 0; 0 is none. */
static int32_t take_number(span *text, int32_t most) {
    int32_t value = 0, digits = 0;
    while (digits < most && digits < text->octets && is_digit(text->at[digits])) {
        value = 10 * value + text->at[digits++] - '0';
    }
    if (digits == 0 || text->at[0] == '0' || (digits < text->octets && is_digit(text->at[digits]))) {
        return 0;
    }
    text->at += digits;
    text->octets -= digits;
    return value;
}

/** Takes ":port", or nothing; returns the port, 0 for none, -1 for a bad one. */
static int32_t take_port(span *text) {
    if (!take(text, ":")) {
        return 0;
    }
    int32_t port = take_number(text, 5);
    return port > 0 && port < 65000 ? port : -1;
}

/** Takes an IPv4 address in its one spelling. */
static int take_ipv4(span *text, uint32_t *address) {
    span rest = *text;
    uint32_t value = 0;
    for (int32_t place = 0; place < 4; place++) {
        if (place != 0 && !take(&rest, ".")) {
            return 0;
        }
        int32_t octet = 0;
        if (rest.octets > 0 && rest.at[0] == '0') {
            rest.at++;
            rest.octets--;
            if (rest.octets > 0 && is_digit(rest.at[0])) {
                return 0;
            }
        } else if ((octet = take_number(&rest, 3)) == 0 || octet > 255) {
            return 0;
        }
        value = value << 8 | (uint32_t)octet;
    }
    *address = value;
    *text = rest;
    return 1;
}

static int is_host(int c) { return is_of(c, "-"); }

/** Takes a name of labels; the last begins with a letter and has no hyphen. */
static int take_name(span *text) {
    for (;;) {
        span label = *text;
        int32_t octets = skip(text, is_host);
        if (octets == 0 || label.at[0] == '-' || label.at[octets - 1] == '-') {
            return 0;
        }
        int hyphens = 0;
        for (int32_t at = 0; at < octets; at++) {
            hyphens |= label.at[at] == '-';
            if (label.at[at] == '-' && label.at[at + 1] == '-') {
                return 0;
            }
        }
        if (!take(text, ".")) {
            return !hyphens && is_alpha(label.at[0]);
        }
    }
}

static int is_param_name(int c) { return is_of(c, "-"); }

/** Takes a SIP URI. */
static int take_uri(span *text, span *uri) {
    span begin = *text;
    uint32_t address;
    if (!take(text, "sip:")) {
        return 0;
    }
    span user = *text;
    if (skip(&user, is_user) > 0 && take(&user, "@")) {
        *text = user;
    }
    if ((!take_ipv4(text, &address) && !take_name(text)) || take_port(text) < 0) {
        return 0;
    }
    while (take(text, ";")) {
        if (skip(text, is_param_name) == 0 || (take(text, "=") && skip(text, is_value) == 0)) {
            return 0;
        }
    }
    uri->at = begin.at;
    uri->octets = (int32_t)(text->at - begin.at);
    return 1;
}

/** Takes a name-addr: an optional display name, and the URI in angle brackets. */
static int take_name_addr(span *text, span *uri) {
    if (take(text, "\"")) {
        skip(text, is_quoted);
        if (!take(text, "\"")) {
            return 0;
        }
        take(text, " ");
    } else if (skip(text, is_name) > 0 && !take(text, " ")) {
        return 0;
    }
    return take(text, "<") && take_uri(text, uri) && take(text, ">");
}

static span from(span begin, const uint8_t *end) {
    begin.octets = (int32_t)(end - begin.at);
    return begin;
}

static int begins(span text, const char *name) {
    int32_t octets = (int32_t)strlen(name);
    for (int32_t at = 0; at < octets; at++) {
        if (at >= text.octets || (text.at[at] | 32) != name[at]) {
            return 0;
        }
    }
    return 1;
}

/** Reads the topmost Via's value (RFC 3261 20.42). */
static int read_via(span value, head *found) {
    span text = value;
    if (!take(&text, "SIP/2.0/UDP ")) {
        return 0;
    }
    found->via_host = text;
    if (!take_ipv4(&text, &found->via_address) || (found->via_port = take_port(&text)) < 0) {
        return 0;
    }
    found->via_host = from(found->via_host, text.at);
    found->via_params = text;
    found->rport = -1;
    while (text.octets > 0) {
        span name, content;
        int32_t begin = (int32_t)(text.at - found->via_params.at);
        if (!take(&text, ";")) {
            return 0;
        }
        name = text;
        if (skip(&text, is_alpha) == 0) {
            return 0;
        }
        name = from(name, text.at);
        content = text;
        int has_content = take(&text, "=");
        if (has_content) {
            content = text;
            if (skip(&text, is_token) == 0) {
                return 0;
            }
            content = from(content, text.at);
        }
        if (begins(name, "received") || begins(name, "maddr") || begins(name, "ttl")) {
            return 0; /* what a proxy or a liar may have added is left to others */
        }
        if (begins(name, "branch")) {
            if (found->branch.octets != 0 || !equals(name, "branch") || !has_content ||
                !take(&content, "z9hG4bK") || content.octets == 0) {
                return 0;
            }
            found->branch.at = content.at - 7;
            found->branch.octets = content.octets + 7;
        }
        if (begins(name, "rport")) {
            if (found->rport >= 0 || !equals(name, "rport") || has_content) {
                return 0;
            }
            found->rport = begin;
        }
    }
    return found->branch.octets != 0;
}

static int once(head *found, uint32_t which) {
    int again = (found->seen & which) != 0;
    found->seen |= which;
    return !again;
}

static int copy_line(head *found, span line) {
    if (found->lines >= MOST_LINES) {
        return 0;
    }
    found->line[found->lines++] = line;
    return 1;
}

static int read_from(span value, head *found) {
    if (!take_name_addr(&value, &found->from_uri) || !take(&value, ";tag=")) {
        return 0;
    }
    found->from_tag = value;
    int32_t octets = skip(&value, is_token);
    found->from_tag.octets = octets;
    return octets > 0 && value.octets == 0;
}

static int read_contact(span value) {
    span uri;
    if (!take_name_addr(&value, &uri)) {
        return 0;
    }
    if (take(&value, ";")) {
        skip(&value, is_param);
    }
    return value.octets == 0;
}

static int read_cseq(span value, head *found) {
    found->number = value;
    if (take_number(&value, 9) == 0) {
        return 0;
    }
    found->number = from(found->number, value.at);
    return equals(value, " INVITE");
}

static int read_length(span value, head *found) {
    int32_t length = 0, digits = 0;
    while (take(&value, " ")) {
    }
    while (digits < value.octets && digits < 5 && is_digit(value.at[digits])) {
        length = 10 * length + value.at[digits++] - '0';
    }
    found->content_octets = length;
    return digits > 0 && digits == value.octets;
}

static int read_hops(span value) {
    return value.octets >= 1 && value.octets <= 2 && is_digit(value.at[0]) && is_digit(value.at[value.octets - 1]);
}

static int is_harmless(span name) {
    static const char *const names[] = {
        "User-Agent", "Allow", "Allow-Events", "Supported", "Date", "Subject", "Organization", "Session-Expires",
        "Min-SE", "P-Preferred-Identity", "P-Asserted-Identity", "Privacy", "Accept-Language", "Expires",
        "Timestamp", "Call-Info", "Record-Route", "Route", "X-Serialnumber", "User-to-User", NULL};
    for (const char *const *one = names; *one != NULL; one++) {
        if (equals(name, *one)) {
            return 1;
        }
    }
    return 0;
}

static int read_line(span line, head *found) {
    span name = line, value = line, uri;
    while (value.octets > 0 && value.at[0] != ':') {
        value.at++;
        value.octets--;
    }
    name = from(name, value.at);
    if (!take(&value, ": ")) {
        return 0;
    }
    if (equals(name, "Via")) {
        if ((found->seen & SEEN_VIA) != 0) {
            return copy_line(found, line); /* those of proxies, copied as they are */
        }
        found->seen |= SEEN_VIA;
        found->via_line = found->lines;
        return (found->seen & SEEN_TO) == 0 && copy_line(found, line) && read_via(value, found);
    }
    if (equals(name, "From")) {
        return once(found, SEEN_FROM) && copy_line(found, line) && read_from(value, found);
    }
    if (equals(name, "To")) {
        found->to_line = found->lines;
        return once(found, SEEN_TO) && copy_line(found, line) && take_name_addr(&value, &uri) && value.octets == 0;
    }
    if (equals(name, "Call-ID")) {
        found->call_id = value;
        return once(found, SEEN_CALL_ID) && copy_line(found, line) && skip(&value, is_word) > 0 && value.octets == 0;
    }
    if (equals(name, "CSeq")) {
        return once(found, SEEN_CSEQ) && copy_line(found, line) && read_cseq(value, found);
    }
    if (equals(name, "Contact")) {
        return once(found, SEEN_CONTACT) && read_contact(value);
    }
    if (equals(name, "Max-Forwards")) {
        return once(found, SEEN_HOPS) && read_hops(value);
    }
    if (equals(name, "Content-Type")) {
        return once(found, SEEN_TYPE) && equals(value, "application/sdp");
    }
    if (equals(name, "Content-Length")) {
        return once(found, SEEN_LENGTH) && read_length(value, found);
    }
    return is_harmless(name);
}

/** Takes a line up to CRLF; no other control octet may be in it. */
static int take_line(span *text, span *line) {
    *line = *text;
    while (text->octets > 0 && text->at[0] >= ' ' && text->at[0] < 127) {
        text->at++;
        text->octets--;
    }
    *line = from(*line, text->at);
    return take(text, "\r\n");
}

static int read_head(span *text, head *found) {
    span line, request;
    if (!take_line(text, &line) || !take(&line, "INVITE ") || !take_uri(&line, &found->uri) ||
        !equals(line, " SIP/2.0")) {
        return 0;
    }
    for (;;) {
        if (!take_line(text, &request)) {
            return 0;
        }
        if (request.octets == 0) {
            break;
        }
        if (!read_line(request, found)) {
            return 0;
        }
    }
    return (found->seen & SEEN_ALL) == SEEN_ALL && found->content_octets == text->octets;
}

static int is_visible(int c) { return c > ' ' && c < 127; }

static int is_digit_of(int c) { return is_digit(c); }

static int take_digits(span *text) {
    int32_t digits = skip(text, is_digit_of);
    return digits > 0 && digits <= 18;
}

/** Reads an offer up to its first audio port; what follows is `tail`. */
static int read_offer(span body, span *tail) {
    uint32_t address;
    span line;
    if (!take(&body, "v=0\r\no=") || skip(&body, is_visible) == 0 || !take(&body, " ") || !take_digits(&body) ||
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
    uint8_t digits[10];
    int32_t count = 0;
    do {
        digits[count++] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0) {
        to->at[to->used++] = digits[--count];
    }
}

/** Writes the Via with its true source (RFC 3261 18.2.1, RFC 3581 4). */
static void write_via(writer *to, const head *found, uint32_t address, int32_t port) {
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

static void write_pieces(writer *to, int32_t *ends, const head *found, span tail, uint32_t address, int32_t port) {
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
    head found;
    if (octets < 8 || octets > MOST_OCTETS) {
        return PARLEY_SIP_OTHER;
    }
    if (memcmp(data, "ACK ", 4) == 0) {
        return read_ack(text, &to, ends);
    }
    found.lines = found.to_line = found.via_line = 0;
    found.branch.octets = 0;
    found.seen = 0;
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
