/** @file text.c Pieces of SIP's grammar; the contract stands in text.h. */
#include "text.h"

int32_t take_number(span *text, int32_t most) {
    int32_t value = 0, digits = 0;
    while (digits < most && digits < text->octets && is(DIGITS, text->at[digits])) {
        value = 10 * value + text->at[digits++] - '0';
    }
    if (digits == 0 || text->at[0] == '0' || (digits < text->octets && is(DIGITS, text->at[digits]))) {
        return 0;
    }
    text->at += digits;
    text->octets -= digits;
    return value;
}

int32_t take_port(span *text) {
    if (!take(text, ":")) {
        return 0;
    }
    int32_t port = take_number(text, 5);
    return port > 0 && port < 65000 ? port : -1;
}

int take_ipv4(span *text, uint32_t *address) {
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
            if (rest.octets > 0 && is(DIGITS, rest.at[0])) {
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

/** Takes a name of labels; the last begins with a letter and has no hyphen. */
static int take_name(span *text) {
    for (;;) {
        span label = *text;
        int32_t octets = skip(text, LABEL);
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
            return !hyphens && is(LETTERS, label.at[0]);
        }
    }
}

int take_uri(span *text, span *uri) {
    span begin = *text;
    uint32_t address;
    if (!take(text, "sip:")) {
        return 0;
    }
    span user = *text;
    if (skip(&user, USER) > 0 && take(&user, "@")) {
        *text = user;
    }
    if ((!take_ipv4(text, &address) && !take_name(text)) || take_port(text) < 0) {
        return 0;
    }
    while (take(text, ";")) {
        if (skip(text, LABEL) == 0 || (take(text, "=") && skip(text, VALUE) == 0)) {
            return 0;
        }
    }
    uri->at = begin.at;
    uri->octets = (int32_t)(text->at - begin.at);
    return 1;
}

int take_name_addr(span *text, span *uri) {
    if (take(text, "\"")) {
        skip(text, QUOTED);
        if (!take(text, "\"")) {
            return 0;
        }
        take(text, " ");
    } else if (skip(text, NAME) > 0 && !take(text, " ")) {
        return 0;
    }
    return take(text, "<") && take_uri(text, uri) && take(text, ">");
}

span from(span begin, const uint8_t *end) {
    begin.octets = (int32_t)(end - begin.at);
    return begin;
}

int take_line(span *text, span *line) {
    *line = *text;
    while (text->octets > 0 && text->at[0] >= ' ' && text->at[0] < 127) {
        text->at++;
        text->octets--;
    }
    *line = from(*line, text->at);
    return take(text, "\r\n");
}

uint8_t *put_decimal(uint8_t *to, uint32_t value) {
    uint8_t digits[10];
    int32_t count = 0;
    do {
        digits[count++] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0) {
        *to++ = digits[--count];
    }
    return to;
}
