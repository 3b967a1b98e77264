/** @file batch.h What one system call reads or writes. Part of parley_sip; define _GNU_SOURCE first. */
#ifndef PARLEY_SIP_BATCH_H
#define PARLEY_SIP_BATCH_H

#include "parley_sip.h"

#include <netinet/in.h>
#include <sys/socket.h>

typedef struct batch {
    struct mmsghdr messages[PARLEY_SIP_BATCH];
    struct iovec parts[PARLEY_SIP_BATCH];
    struct sockaddr_in peers[PARLEY_SIP_BATCH];
} batch;

/** Lets a place stand for these octets. */
void batch_describe(batch *all, int32_t place, const uint8_t *octets, size_t size);

/** Addresses a place; host byte order. */
void batch_address(batch *all, int32_t place, uint32_t address, int32_t port);

/** Sends the first `count` places; returns how many the system did not take. */
int32_t batch_send(batch *all, int32_t count, int32_t fd);

#endif
