/** @file text.c Pieces of SIP's grammar; the contract stands in text.h. */
#include "text.h"

#include <string.h>

int is_digit(int c) { return c >= '0' && c <= '9'; }

int is_alpha(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static int is_alnum(int c) { return is_digit(c) || is_alpha(c); }

static int is_of(int c, const char *marks) { return c != 0 && (is_alnum(c) || strchr(marks, c) != NULL); }

static int is_name(int c) { return is_of(c, "_.+-"); }

static int is_quoted(int c) { return is_of(c, " _.@+-"); }

static int is_user(int c) { return is_of(c, "._~!*'()&=+$,;?/-"); }

static int is_value(int c) { return is_of(c, "._~!*'+-"); }

int is_token(int c) { return is_of(c, ".!%*_+`'~-"); }

int is_word(int c) { return is_of(c, ".!%*_+`'~()<>:\\/[]?{}@-"); }

int is_param(int c) { return is_of(c, "._=\"<>:;+-"); }

int32_t skip(span *text, int (*kind)(int)) {
    int32_t taken = 0;
    while (taken < text->octets && kind(text->at[taken])) {
        taken++;
    }
    text->at += taken;
    text->octets -= taken;
    return taken;
}

int take(span *text, const char *fixed) {
    int32_t octets = (int32_t)strlen(fixed);
    if (text->octets < octets || memcmp(text->at, fixed, (size_t)octets) != 0) {
        return 0;
    }
    text->at += octets;
    text->octets -= octets;
    return 1;
}

int equals(span text, const char *fixed) { return take(&text, fixed) && text.octets == 0; }

int32_t take_number(span *text, int32_t most) {
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

int take_uri(span *text, span *uri) {
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

int take_name_addr(span *text, span *uri) {
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
