/** @file vectors_sound.c The golden vectors of concealment, G.722 and sampling rates. */
#include "parley_g722.h"
#include "parley_plc.h"
#include "parley_resample.h"
#include "vectors_hex.h"

/** Cuts a word in two at its comma. @return what stands behind it */
static char *second_of(char *word) {
    char *comma = strchr(word, ',');
    *comma = '\0';
    return comma + 1;
}

static const int16_t *samples_of(block octets) {
    return (const int16_t *)(const void *)octets.octets;
}

static int pitch(char *history_text, const char *expected) {
    block history = from_hex(history_text);
    int good = parley_plc_pitch(samples_of(history), history.count / 2 / PARLEY_PLC_HISTORY) == atoi(expected);
    free(history.octets);
    return good;
}

static int conceal(char *history_text, char *place, char *expected_text) {
    block history = from_hex(history_text), expected = from_hex(expected_text);
    int32_t lost = atoi(second_of(place));
    int16_t *pcm = allocate((size_t)expected.count);
    parley_plc_conceal(samples_of(history), history.count / 2 / PARLEY_PLC_HISTORY, atoi(place), lost, pcm,
                       expected.count / 2);
    int good = equals(pcm, expected);
    free(history.octets), free(expected.octets), free(pcm);
    return good;
}

static int recover(char *history_text, char *place, char *pcm_text) {
    char *expected_text = second_of(pcm_text);
    block history = from_hex(history_text), pcm = from_hex(pcm_text), expected = from_hex(expected_text);
    int32_t lost = atoi(second_of(place));
    parley_plc_recover(samples_of(history), history.count / 2 / PARLEY_PLC_HISTORY, atoi(place), lost,
                       (int16_t *)(void *)pcm.octets);
    int good = equals(pcm.octets, expected);
    free(history.octets), free(pcm.octets), free(expected.octets);
    return good;
}

static parley_g722 *g722_new(void) {
    parley_g722 *state = allocate(PARLEY_G722_STATE_BYTES);
    parley_g722_init(state);
    return state;
}

static int g722(char *pcm_text, char *codes_text) {
    char *decoded_text = second_of(codes_text);
    block pcm = from_hex(pcm_text), codes = from_hex(codes_text), decoded = from_hex(decoded_text);
    uint8_t *made = allocate((size_t)codes.count);
    int16_t *back = allocate((size_t)decoded.count);
    parley_g722 *coder = g722_new(), *decoder = g722_new();
    parley_g722_encode(coder, samples_of(pcm), made, codes.count);
    parley_g722_decode(decoder, codes.octets, back, codes.count);
    int good = equals(made, codes) && equals(back, decoded);
    free(coder), free(decoder), free(made), free(back);
    free(pcm.octets), free(codes.octets), free(decoded.octets);
    return good;
}

/** A coder that follows foreign codes and their samples goes on as the one that made them. */
static int follow(char *codes_text, char *pcm_text, char *next_text) {
    char *later_text = second_of(pcm_text);
    block codes = from_hex(codes_text), pcm = from_hex(pcm_text), later = from_hex(later_text);
    block next = from_hex(next_text);
    uint8_t *made = allocate((size_t)next.count);
    parley_g722 *coder = g722_new();
    parley_g722_follow(coder, codes.octets, codes.count, samples_of(pcm));
    parley_g722_encode(coder, samples_of(later), made, next.count);
    int good = equals(made, next);
    free(coder), free(made), free(codes.octets), free(pcm.octets), free(later.octets), free(next.octets);
    return good;
}

/** kind: 'u' up, 'd' down, 's' stretch; the signal in two parts, so that the state is used. */
static int resample(char kind, char *pcm_text, char *expected_text) {
    block pcm = from_hex(pcm_text), expected = from_hex(expected_text);
    int16_t *made = allocate((size_t)expected.count);
    int16_t state[PARLEY_RESAMPLE_DOWN_STATE] = {0};
    int32_t out = expected.count / 2, first = out / 4 * 2;
    if (kind == 's') {
        parley_stretch(samples_of(pcm), pcm.count / 2, made, out);
    } else if (kind == 'u') {
        parley_resample_up(state, samples_of(pcm), made, first / 2);
        parley_resample_up(state, samples_of(pcm) + first / 2, made + first, (out - first) / 2);
    } else {
        parley_resample_down(state, samples_of(pcm), made, first);
        parley_resample_down(state, samples_of(pcm) + 2 * first, made + first, out - first);
    }
    int good = equals(made, expected);
    free(pcm.octets), free(expected.octets), free(made);
    return good;
}

int run_sound_case(const char *what, char **words) {
    if (strcmp(what, "pitch") == 0) {
        return pitch(words[0], words[1]);
    } else if (strcmp(what, "conceal") == 0) {
        return conceal(words[0], words[1], words[2]);
    } else if (strcmp(what, "recover") == 0) {
        return recover(words[0], words[1], words[2]);
    } else if (strcmp(what, "g722") == 0) {
        return g722(words[0], words[1]);
    } else if (strcmp(what, "follow") == 0) {
        return follow(words[0], words[1], words[2]);
    } else if (strcmp(what, "up") == 0 || strcmp(what, "down") == 0 || strcmp(what, "stretch") == 0) {
        return resample(what[0], words[0], words[1]);
    }
    return -1;
}
