/** @file udp_queue.h What lwip_io.c sees of the sockets of udp_queue.c. */
#ifndef PARLEY_UDP_QUEUE_H
#define PARLEY_UDP_QUEUE_H

#include <stdbool.h>

#include "py/obj.h"

#include "lwip/udp.h"

typedef struct queue_arrival {
    struct pbuf *content;
    ip_addr_t host;
    uint32_t at_us; /* by mp_hal_ticks_us */
    u16_t port;
} queue_arrival;

typedef struct queue_socket {
    mp_obj_base_t base;
    struct udp_pcb *pcb;
    uint32_t depth, put, take, dropped;
    queue_arrival arrivals[];
} queue_socket;

/** An open Socket. OSError when it is closed, TypeError when it is none. */
queue_socket *queue_socket_of(mp_obj_t object);

/**
 * Takes the next datagram of a socket.
 *
 * @param buffer   for what it holds
 * @param octets   room in it; what does not fit is cut off
 * @param arrival  whence and when it came; its content is gone
 * @return its octets, be they more than `octets`; -1 when there is none
 */
int32_t queue_socket_take(queue_socket *self, void *buffer, size_t octets, queue_arrival *arrival);

/** Sends to `host`, or to the connected peer when it is NULL. @return whether the network has taken it */
bool queue_socket_transmit(queue_socket *self, const void *data, size_t octets, const ip_addr_t *host, u16_t port);

#endif
