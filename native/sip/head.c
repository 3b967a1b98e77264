/** @file head.c The head of a plain INVITE, by the grammar of parleyd/plain.py; the contract stands in head.h. */
#include "head.h"

#include <string.h>

enum {
    SEEN_VIA = 1, SEEN_FROM = 2, SEEN_TO = 4, SEEN_CALL_ID = 8, SEEN_CSEQ = 16, SEEN_CONTACT = 32, SEEN_HOPS = 64,
    SEEN_TYPE = 128, SEEN_LENGTH = 256,
    SEEN_ALL = SEEN_VIA | SEEN_FROM | SEEN_TO | SEEN_CALL_ID | SEEN_CSEQ | SEEN_TYPE | SEEN_LENGTH
};

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
static int read_via(span value, sip_head *found) {
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
        if (skip(&text, LETTERS) == 0) {
            return 0;
        }
        name = from(name, text.at);
        content = text;
        int has_content = take(&text, "=");
        if (has_content) {
            content = text;
            if (skip(&text, TOKEN) == 0) {
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

static int once(sip_head *found, uint32_t which) {
    int again = (found->seen & which) != 0;
    found->seen |= which;
    return !again;
}

static int copy_line(sip_head *found, span line) {
    if (found->lines >= SIP_MOST_LINES) {
        return 0;
    }
    found->line[found->lines++] = line;
    return 1;
}

static int read_from(span value, sip_head *found) {
    if (!take_name_addr(&value, &found->from_uri) || !take(&value, ";tag=")) {
        return 0;
    }
    found->from_tag = value;
    int32_t octets = skip(&value, TOKEN);
    found->from_tag.octets = octets;
    return octets > 0 && value.octets == 0;
}

static int read_contact(span value) {
    span uri;
    if (!take_name_addr(&value, &uri)) {
        return 0;
    }
    if (take(&value, ";")) {
        skip(&value, PARAMS);
    }
    return value.octets == 0;
}

static int read_cseq(span value, sip_head *found) {
    found->number = value;
    if (take_number(&value, 9) == 0) {
        return 0;
    }
    found->number = from(found->number, value.at);
    return equals(value, " INVITE");
}

static int read_length(span value, sip_head *found) {
    int32_t length = 0, digits = 0;
    while (take(&value, " ")) {
    }
    while (digits < value.octets && digits < 5 && is(DIGITS, value.at[digits])) {
        length = 10 * length + value.at[digits++] - '0';
    }
    found->content_octets = length;
    return digits > 0 && digits == value.octets;
}

static int read_hops(span value) {
    return value.octets >= 1 && value.octets <= 2 && is(DIGITS, value.at[0]) && is(DIGITS, value.at[value.octets - 1]);
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

static int read_line(span line, sip_head *found) {
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
        return once(found, SEEN_CALL_ID) && copy_line(found, line) && skip(&value, WORD) > 0 && value.octets == 0;
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

int read_head(span *text, sip_head *found) {
    span line, request;
    found->lines = found->to_line = found->via_line = 0;
    found->branch.octets = 0;
    found->seen = 0;
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
