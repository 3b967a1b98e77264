/** @file srtp_stream.c Who sends, which of his packets were seen, and how they are encrypted; see srtp_state.h. */
#include "srtp_state.h"

#include "octets.h"

srtp_stream *srtp_stream_of(parley_srtp *srtp, uint32_t ssrc) {
    srtp_stream *oldest = &srtp->streams[0];
    for (int32_t i = 0; i < SRTP_STREAMS; i++) {
        srtp_stream *stream = &srtp->streams[i];
        if (stream->age != 0 && stream->ssrc == ssrc) {
            return stream;
        }
        oldest = stream->age < oldest->age ? stream : oldest;
    }
    return oldest;
}

srtp_stream srtp_stream_copy(const srtp_stream *place, uint32_t ssrc) {
    srtp_stream fresh = {ssrc, 0, {0, 0, {0, 0}, 0}, {0, 0, {0, 0}, 0}};
    return place->age != 0 && place->ssrc == ssrc ? *place : fresh;
}

void srtp_stream_keep(parley_srtp *srtp, srtp_stream *place, const srtp_stream *stream) {
    *place = *stream;
    if (place->age == srtp->age && place->age != 0) {
        return; /* was the last already */
    }
    if (srtp->age == INT32_MAX) { /* count anew; who was heard when is lost once in 2^31 changes */
        srtp->age = 0;
        for (int32_t i = 0; i < SRTP_STREAMS; i++) {
            srtp->streams[i].age = srtp->streams[i].age != 0;
        }
    }
    place->age = ++srtp->age;
}

/** How far the index lies below the highest one seen; above SRTP_WINDOW: too far, below 0: ahead. */
static int32_t behind(const srtp_window *window, srtp_index index) {
    uint32_t borrow = window->low < index.low;
    uint32_t low = window->low - index.low + (borrow ? 0x10000U : 0);
    uint32_t high = window->high - index.high - borrow;
    if (window->high < index.high || (window->high == index.high && borrow)) {
        return -1;
    }
    return high != 0 || low > SRTP_WINDOW ? SRTP_WINDOW + 1 : (int32_t)low;
}

int srtp_window_open(const srtp_window *window, srtp_index index) {
    int32_t back = window->known ? behind(window, index) : -1;
    return back < 0 || (back < SRTP_WINDOW && !(window->seen[back / 32] >> back % 32 & 1));
}

/** Moves what was seen down by so many places. */
static void shift(srtp_window *window, uint32_t places) {
    if (places >= SRTP_WINDOW) {
        window->seen[0] = window->seen[1] = 0;
    } else if (places >= 32) {
        window->seen[1] = window->seen[0] << (places - 32);
        window->seen[0] = 0;
    } else if (places > 0) {
        window->seen[1] = window->seen[1] << places | window->seen[0] >> (32 - places);
        window->seen[0] <<= places;
    }
}

void srtp_window_note(srtp_window *window, srtp_index index) {
    int32_t back = window->known ? behind(window, index) : -1;
    if (back >= 0) {
        window->seen[back / 32] |= 1U << back % 32;
        return;
    }
    uint32_t high = index.high - window->high; /* 0 or 1, or it does not matter */
    uint32_t ahead = high > 1 ? SRTP_WINDOW : index.low - window->low + (high ? 0x10000U : 0);
    shift(window, ahead);
    window->high = index.high;
    window->low = index.low;
    window->seen[0] |= 1;
    window->known = 1;
}

void srtp_nonce(const srtp_job *job, uint8_t *nonce) {
    int32_t at = job->srtp->suite == PARLEY_SRTP_AES_GCM ? 2 : 4;
    for (int32_t i = 0; i < AES_BLOCK; i++) {
        nonce[i] = 0;
    }
    octets_put_word(nonce + at, job->ssrc); /* RFC 3711 section 4.1.1: SSRC * 2^64, index * 2^16 */
    octets_put_word(nonce + at + 4, job->index.high);
    nonce[at + 8] = (uint8_t)(job->index.low >> 8);
    nonce[at + 9] = (uint8_t)job->index.low;
    for (int32_t i = 0; i < AES_BLOCK; i++) {
        nonce[i] ^= job->keys->salt[i];
    }
}

void srtp_crypt(const srtp_job *job, const uint8_t *in, uint8_t *out, int32_t length) {
    uint8_t nonce[AES_BLOCK];
    srtp_nonce(job, nonce);
    if (job->srtp->suite == PARLEY_SRTP_AES_GCM) {
        gcm_crypt(job->srtp->form, job->keys->cipher, nonce, in, out, length);
    } else {
        aes_counter(job->srtp->form, job->keys->cipher, nonce, 0, in, out, length);
    }
}

void srtp_tag(const srtp_job *job, const uint8_t *packet, int32_t header, int32_t length, const uint8_t *trailer,
              uint8_t *tag) {
    uint8_t nonce[AES_BLOCK];
    if (job->srtp->suite != PARLEY_SRTP_AES_GCM) {
        sha1_hmac_tag(&job->keys->hmac, packet, length, trailer, 4, tag);
        return;
    }
    srtp_nonce(job, nonce);
    gcm_tag(job->srtp->form, job->keys->cipher, &job->keys->hash, nonce, packet, header, trailer,
            job->rtcp ? 4 : 0, packet + header, length - header, tag);
}

int srtp_equal(const uint8_t *a, const uint8_t *b, int32_t length) {
    uint32_t different = 0;
    for (int32_t i = 0; i < length; i++) {
        different |= (uint32_t)(a[i] ^ b[i]);
    }
    return different == 0;
}
