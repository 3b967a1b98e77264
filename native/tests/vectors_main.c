/**
 * @file vectors_main.c
 * Runs the golden vectors over the C kernels: vectors_main FILE... Buffers are exactly as long as the
 * case, on the heap, so that the address sanitizer sees one octet too many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parley_g711.h"
#include "parley_level.h"
#include "parley_mix.h"
#include "parley_rtp.h"
#include "vectors_hex.h"

enum { LINE_OCTETS = 1 << 17, TALKERS_MAX = 9 };

static int decode(int32_t law, char *codes_text, char *pcm_text) {
    block codes = from_hex(codes_text), expected = from_hex(pcm_text);
    int16_t *pcm = allocate((size_t)expected.count);
    int32_t done = parley_g711_decode(law, codes.octets, pcm, codes.count);
    int good = done == codes.count && equals(pcm, expected);
    free(codes.octets), free(expected.octets), free(pcm);
    return good;
}

static int encode(int32_t law, char *pcm_text, char *codes_text) {
    block pcm = from_hex(pcm_text), expected = from_hex(codes_text);
    uint8_t *codes = allocate((size_t)expected.count);
    int32_t done = parley_g711_encode(law, (const int16_t *)(const void *)pcm.octets, codes, expected.count);
    int good = done == expected.count && equals(codes, expected);
    free(pcm.octets), free(expected.octets), free(codes);
    return good;
}

/** CRC-32 of IEEE 802.3, bit by bit. */
static uint32_t crc32(uint32_t crc, uint8_t octet) {
    crc ^= octet;
    for (int bit = 0; bit < 8; bit++) {
        crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0);
    }
    return crc;
}

static int sweep(int32_t law, const char *expected) {
    uint32_t crc = 0xFFFFFFFFU;
    for (int32_t value = INT16_MIN; value <= INT16_MAX; value++) {
        int16_t sample = (int16_t)value;
        uint8_t code;
        parley_g711_encode(law, &sample, &code, 1);
        crc = crc32(crc, code);
    }
    return (crc ^ 0xFFFFFFFFU) == strtoul(expected, NULL, 16);
}

static int path(int32_t law, char *codes_text, char *heard_text) {
    block codes = from_hex(codes_text), heard = from_hex(heard_text);
    int16_t pcm[256];
    int32_t sum[256];
    parley_g711_decode(law, codes.octets, pcm, 256);
    parley_mix_clear(sum, 256);
    parley_mix_add(sum, pcm, 256);
    parley_mix_minus(sum, NULL, pcm, 256, PARLEY_MIX_LIMIT_ONE);
    parley_g711_encode(law, pcm, codes.octets, 256);
    int good = codes.count == 256 && equals(codes.octets, heard);
    free(codes.octets), free(heard.octets);
    return good;
}

/** Splits a list at its commas. @return its blocks' number */
static int32_t split(char *text, block *blocks) {
    int32_t count = 0;
    for (char *part = text; part != NULL; count++) {
        char *comma = strchr(part, ',');
        if (comma != NULL) {
            *comma++ = '\0';
        }
        blocks[count] = from_hex(part);
        part = comma;
    }
    return count;
}

static int mix(char *talkers_text, char *results_text) {
    block talkers[TALKERS_MAX + 1], results[TALKERS_MAX + 1];
    int32_t count = split(talkers_text, talkers);
    int good = split(results_text, results) == count + 1;
    int32_t samples = talkers[0].count / 2;
    int32_t *sum = allocate(sizeof(int32_t) * (size_t)samples);
    int16_t *out = allocate(sizeof(int16_t) * (size_t)samples);
    parley_mix_clear(sum, samples);
    for (int32_t i = 0; i < count; i++) {
        parley_mix_add(sum, (const int16_t *)(const void *)talkers[i].octets, samples);
    }
    for (int32_t i = 0; i <= count; i++) {
        const void *own = i < count ? talkers[i].octets : NULL;
        parley_mix_minus(sum, own, out, samples, PARLEY_MIX_LIMIT_ONE);
        good = good && equals(out, results[i]);
        free(results[i].octets);
    }
    for (int32_t i = 0; i < count; i++) {
        free(talkers[i].octets);
    }
    free(sum), free(out);
    return good;
}

static int limit(int32_t gain, char *sums_text, char *results_text) {
    block sums = from_hex(sums_text);
    char *after = strchr(results_text, ',');
    *after++ = '\0';
    block expected = from_hex(results_text);
    int16_t *out = allocate((size_t)expected.count);
    int32_t ended = parley_mix_minus((const int32_t *)(const void *)sums.octets, NULL, out, expected.count / 2, gain);
    int good = ended == atoi(after) && equals(out, expected);
    free(sums.octets), free(expected.octets), free(out);
    return good;
}

static int scale(int32_t gain, char *pcm_text, char *expected_text) {
    block pcm = from_hex(pcm_text), expected = from_hex(expected_text);
    parley_mix_scale((int16_t *)(void *)pcm.octets, gain, pcm.count / 2);
    int good = equals(pcm.octets, expected);
    free(pcm.octets), free(expected.octets);
    return good;
}

static int level(char *pcm_text, const char *expected) {
    block pcm = from_hex(pcm_text);
    int good = parley_level_dbov((const int16_t *)(const void *)pcm.octets, pcm.count / 2) == atoi(expected);
    free(pcm.octets);
    return good;
}

static void fields_of(const char *text, int32_t *fields) {
    for (int32_t i = 0; i < PARLEY_RTP_FIELDS; i++) {
        fields[i] = (int32_t)strtoul(text, NULL, 10);
        text = strchr(text, ',') + 1;
    }
}

static int rtp_read(char *packet_text, const char *result, char *fields_text) {
    int32_t found[PARLEY_RTP_FIELDS] = {0}, expected[PARLEY_RTP_FIELDS] = {0};
    block packet = from_hex(packet_text);
    if (fields_text[0] != '-') {
        fields_of(fields_text, expected);
    }
    int32_t start = parley_rtp_read(packet.octets, packet.count, found);
    free(packet.octets);
    return start == atoi(result) && memcmp(found, expected, sizeof found) == 0;
}

static int rtp_write(const char *fields_text, char *packet_text) {
    int32_t fields[PARLEY_RTP_FIELDS];
    uint8_t packet[PARLEY_RTP_HEADER_BYTES];
    block expected = from_hex(packet_text);
    fields_of(fields_text, fields);
    int32_t done = parley_rtp_write(packet, (int32_t)sizeof packet, fields);
    int good = done == expected.count && equals(packet, expected);
    good = good && parley_rtp_write(packet, (int32_t)sizeof packet - 1, fields) == PARLEY_RTP_SHORT;
    free(expected.octets);
    return good;
}

static int run_case(const char *what, char **words) {
    int sound = run_sound_case(what, words);
    if (sound >= 0) {
        return sound;
    }
    if (strcmp(what, "decode") == 0) {
        return decode(atoi(words[0]), words[1], words[2]);
    } else if (strcmp(what, "encode") == 0) {
        return encode(atoi(words[0]), words[1], words[2]);
    } else if (strcmp(what, "sweep") == 0) {
        return sweep(atoi(words[0]), words[1]);
    } else if (strcmp(what, "path") == 0) {
        return path(atoi(words[0]), words[1], words[2]);
    } else if (strcmp(what, "mix") == 0) {
        return mix(words[0], words[1]);
    } else if (strcmp(what, "limit") == 0) {
        return limit(atoi(words[0]), words[1], words[2]);
    } else if (strcmp(what, "scale") == 0) {
        return scale(atoi(words[0]), words[1], words[2]);
    } else if (strcmp(what, "level") == 0) {
        return level(words[0], words[1]);
    } else if (strcmp(what, "read") == 0) {
        return rtp_read(words[0], words[1], words[2]);
    }
    return strcmp(what, "write") == 0 && rtp_write(words[0], words[1]);
}

static int run_file(const char *name) {
    static char line[LINE_OCTETS];
    int number = 0, failed = 0;
    FILE *file = fopen(name, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *words[4] = {NULL, NULL, NULL, NULL};
        number++;
        words[0] = strtok(line, " \n");
        for (int i = 1; i < 4; i++) {
            words[i] = strtok(NULL, " \n");
        }
        if (!run_case(words[0], words + 1)) {
            printf("FAILED %s line %d (%s)\n", name, number, words[0]);
            failed++;
        }
    }
    printf("%s: %d cases, %d failed\n", name, number, failed);
    return number > 0 && fclose(file) == 0 ? failed : failed + 1;
}

int main(int count, char **names) {
    int failed = 0;
    for (int i = 1; i < count; i++) {
        failed += run_file(names[i]);
    }
    return failed > 0;
}
