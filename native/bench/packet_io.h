/** @file packet_io.h What the ways of packet_io.c share: buffers of a batch, and the ring of packet_uring.c. */
#ifndef PARLEY_PACKET_IO_H
#define PARLEY_PACKET_IO_H

#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

enum { BATCH = 64, OCTETS = 2048 };

extern uint8_t octets[BATCH][OCTETS];
extern struct sockaddr_in from[BATCH];
extern struct mmsghdr messages[BATCH];
extern struct iovec parts[BATCH];

/** Makes the batch's messages ready to receive into. */
void ready_to_receive(void);

/** Opens a ring of 2 x BATCH. @return 0, or errno when the system has none for us */
int uring_open(void);

/** Sends back all that is there at `fd`, a batch of RECVMSG and one of SENDMSG at a time. @return packets */
int64_t uring_drain(int fd);

/** Sends back one packet of each of these connected sockets, 64 RECV and as many SEND at a time. @return packets */
int64_t uring_drain_each(const int *fds, int count);

#endif
