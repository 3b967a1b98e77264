/**
 * @file udp_queue.c
 * The module udp_queue: UDP sockets of lwIP with a queue of datagrams, for MicroPython.
 *
 * MicroPython's own sockets keep one datagram each (four in later versions) and drop the rest, so a burst that
 * comes while Python is busy is lost. Here lwIP's receive hook, which runs beside Python, puts datagrams into a
 * queue that is made with the socket; the media tick empties it. Receiving and sending allocate nothing of
 * Python's heap, except receive(), which makes bytes.
 *
 *     Socket(depth)                      depth: 1 to 128 datagrams
 *     .share()                           before bind: another socket that was told so may have the same port
 *     .bind(host, port) .connect(host, port) .close()      hosts as dotted decimals; OSError
 *     .receive_into(buffer) -> octets    0 when there is nothing; what does not fit is cut off
 *     .receive() -> (bytes, (host, port)) or None
 *     .send(buffer) -> bool              to the connected peer; False when the network does not take it
 *     .sendto(buffer, host, port) -> bool
 *     .dropped() -> datagrams lost because the queue was full
 * select.poll takes it, for POLLIN.
 */
#include <string.h>

#include "udp_queue.h"

#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"

enum { DEPTH_MAX = 128, DATAGRAM_MAX = 65507 };

/** lwIP's hook. Runs beside Python, or inside one of its calls into lwIP; never beside itself. */
static void arrived(void *argument, struct udp_pcb *pcb, struct pbuf *content, const ip_addr_t *host, u16_t port) {
    queue_socket *self = argument;
    (void)pcb;
    if (self->put - self->take >= self->depth) {
        self->dropped++;
        pbuf_free(content);
        return;
    }
    queue_arrival *place = &self->arrivals[self->put % self->depth];
    place->content = content;
    place->at_us = (uint32_t)mp_hal_ticks_us();
    place->host = *host;
    place->port = port;
    self->put++;
}

static mp_obj_t make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 1, 1, false);
    mp_int_t depth = mp_obj_get_int(args[0]);
    if (depth < 1 || depth > DEPTH_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("depth"));
    }
    while (depth & (depth - 1)) { // a power of two: the counters may wrap
        depth++;
    }
    queue_socket *self = mp_obj_malloc_var_with_finaliser(queue_socket, queue_arrival, (size_t)depth, type);
    self->depth = (uint32_t)depth;
    self->put = self->take = self->dropped = 0;
    MICROPY_PY_LWIP_ENTER
    self->pcb = udp_new();
    if (self->pcb != NULL) {
        udp_recv(self->pcb, arrived, self);
    }
    MICROPY_PY_LWIP_EXIT
    if (self->pcb == NULL) {
        mp_raise_OSError(MP_ENOMEM);
    }
    return MP_OBJ_FROM_PTR(self);
}

static queue_socket *open_socket(mp_obj_t object) {
    queue_socket *self = MP_OBJ_TO_PTR(object);
    if (self->pcb == NULL) {
        mp_raise_OSError(MP_EBADF);
    }
    return self;
}

static u16_t read_address(mp_obj_t host, mp_obj_t port, ip_addr_t *address) {
    mp_int_t number = mp_obj_get_int(port);
    if (!ipaddr_aton(mp_obj_str_get_str(host), address) || number < 0 || number > 65535) {
        mp_raise_OSError(MP_EINVAL);
    }
    return (u16_t)number;
}

static void check(err_t fault) {
    if (fault != ERR_OK) {
        mp_raise_OSError(fault == ERR_USE ? MP_EADDRINUSE : fault == ERR_RTE ? MP_EHOSTUNREACH : MP_EIO);
    }
}

/** lwIP hands a datagram to the socket connected to its source; without one, to one that is not connected. */
static mp_obj_t socket_share(mp_obj_t object) {
    ip_set_option(open_socket(object)->pcb, SOF_REUSEADDR);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_share_obj, socket_share);

static mp_obj_t socket_bind(mp_obj_t object, mp_obj_t host, mp_obj_t port) {
    queue_socket *self = open_socket(object);
    ip_addr_t address;
    u16_t number = read_address(host, port, &address);
    MICROPY_PY_LWIP_ENTER
    err_t fault = udp_bind(self->pcb, &address, number);
    MICROPY_PY_LWIP_EXIT
    check(fault);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(socket_bind_obj, socket_bind);

static mp_obj_t socket_connect(mp_obj_t object, mp_obj_t host, mp_obj_t port) {
    queue_socket *self = open_socket(object);
    ip_addr_t address;
    u16_t number = read_address(host, port, &address);
    MICROPY_PY_LWIP_ENTER
    err_t fault = udp_connect(self->pcb, &address, number);
    MICROPY_PY_LWIP_EXIT
    check(fault);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(socket_connect_obj, socket_connect);

static mp_obj_t socket_close(mp_obj_t object) {
    queue_socket *self = MP_OBJ_TO_PTR(object);
    MICROPY_PY_LWIP_ENTER
    if (self->pcb != NULL) {
        udp_remove(self->pcb);
        self->pcb = NULL;
    }
    for (; self->take != self->put; self->take++) {
        pbuf_free(self->arrivals[self->take % self->depth].content);
    }
    MICROPY_PY_LWIP_EXIT
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_close_obj, socket_close);

int32_t queue_socket_take(queue_socket *self, void *buffer, size_t octets, queue_arrival *arrival) {
    if (self->take == self->put) {
        return -1;
    }
    MICROPY_PY_LWIP_ENTER
    *arrival = self->arrivals[self->take % self->depth];
    int32_t there = arrival->content->tot_len;
    pbuf_copy_partial(arrival->content, buffer, (u16_t)(octets < DATAGRAM_MAX ? octets : DATAGRAM_MAX), 0);
    self->take++;
    pbuf_free(arrival->content);
    MICROPY_PY_LWIP_EXIT
    arrival->content = NULL;
    return there;
}

static mp_obj_t socket_receive_into(mp_obj_t object, mp_obj_t target) {
    queue_socket *self = open_socket(object);
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(target, &buffer, MP_BUFFER_WRITE);
    queue_arrival from;
    int32_t octets = queue_socket_take(self, buffer.buf, buffer.len, &from);
    size_t taken = octets < 0 ? 0 : (size_t)octets;
    return MP_OBJ_NEW_SMALL_INT(taken < buffer.len ? taken : buffer.len);
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_receive_into_obj, socket_receive_into);

static mp_obj_t socket_receive(mp_obj_t object) {
    queue_socket *self = open_socket(object);
    if (self->take == self->put) {
        return mp_const_none;
    }
    // Nothing may raise between here and the end of the copy: memory is had first.
    queue_arrival *place = &self->arrivals[self->take % self->depth];
    vstr_t data;
    vstr_init_len(&data, place->content->tot_len);
    char host[IPADDR_STRLEN_MAX];
    ipaddr_ntoa_r(&place->host, host, sizeof(host));
    mp_obj_t source[] = {mp_obj_new_str(host, strlen(host)), MP_OBJ_NEW_SMALL_INT(place->port)};
    MICROPY_PY_LWIP_ENTER
    pbuf_copy_partial(place->content, data.buf, (u16_t)data.len, 0);
    self->take++;
    pbuf_free(place->content);
    MICROPY_PY_LWIP_EXIT
    mp_obj_t pair[] = {mp_obj_new_bytes_from_vstr(&data), mp_obj_new_tuple(2, source)};
    return mp_obj_new_tuple(2, pair);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_receive_obj, socket_receive);

bool queue_socket_transmit(queue_socket *self, const void *data, size_t octets, const ip_addr_t *host, u16_t port) {
    if (octets > DATAGRAM_MAX) {
        return false;
    }
    err_t fault = ERR_MEM;
    MICROPY_PY_LWIP_ENTER
    struct pbuf *content = pbuf_alloc(PBUF_TRANSPORT, (u16_t)octets, PBUF_RAM);
    if (content != NULL) {
        memcpy(content->payload, data, octets);
        fault = host == NULL ? udp_send(self->pcb, content) : udp_sendto(self->pcb, content, host, port);
        pbuf_free(content);
    }
    MICROPY_PY_LWIP_EXIT
    return fault == ERR_OK;
}

static mp_obj_t transmit(mp_obj_t socket, mp_obj_t data, const ip_addr_t *host, u16_t port) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(data, &buffer, MP_BUFFER_READ);
    return mp_obj_new_bool(queue_socket_transmit(open_socket(socket), buffer.buf, buffer.len, host, port));
}

static mp_obj_t socket_send(mp_obj_t object, mp_obj_t data) { return transmit(object, data, NULL, 0); }
static MP_DEFINE_CONST_FUN_OBJ_2(socket_send_obj, socket_send);

static mp_obj_t socket_sendto(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    ip_addr_t address;
    u16_t number = read_address(args[2], args[3], &address);
    return transmit(args[0], args[1], &address, number);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_sendto_obj, 4, 4, socket_sendto);

static mp_obj_t socket_dropped(mp_obj_t object) {
    queue_socket *self = MP_OBJ_TO_PTR(object);
    return mp_obj_new_int_from_uint(self->dropped);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_dropped_obj, socket_dropped);

static mp_uint_t socket_ioctl(mp_obj_t object, mp_uint_t request, uintptr_t argument, int *fault) {
    queue_socket *self = MP_OBJ_TO_PTR(object);
    if (request == MP_STREAM_POLL) {
        if (self->pcb == NULL) {
            return MP_STREAM_POLL_NVAL;
        }
        mp_uint_t ready = self->put != self->take ? MP_STREAM_POLL_RD : 0;
        return (ready | MP_STREAM_POLL_WR) & argument;
    }
    if (request == MP_STREAM_CLOSE) {
        socket_close(object);
        return 0;
    }
    *fault = MP_EINVAL;
    return MP_STREAM_ERROR;
}

static const mp_stream_p_t socket_protocol = {.ioctl = socket_ioctl};

static const mp_rom_map_elem_t socket_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&socket_close_obj)},
    {MP_ROM_QSTR(MP_QSTR_share), MP_ROM_PTR(&socket_share_obj)},
    {MP_ROM_QSTR(MP_QSTR_bind), MP_ROM_PTR(&socket_bind_obj)},
    {MP_ROM_QSTR(MP_QSTR_connect), MP_ROM_PTR(&socket_connect_obj)},
    {MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&socket_close_obj)},
    {MP_ROM_QSTR(MP_QSTR_receive_into), MP_ROM_PTR(&socket_receive_into_obj)},
    {MP_ROM_QSTR(MP_QSTR_receive), MP_ROM_PTR(&socket_receive_obj)},
    {MP_ROM_QSTR(MP_QSTR_send), MP_ROM_PTR(&socket_send_obj)},
    {MP_ROM_QSTR(MP_QSTR_sendto), MP_ROM_PTR(&socket_sendto_obj)},
    {MP_ROM_QSTR(MP_QSTR_dropped), MP_ROM_PTR(&socket_dropped_obj)},
};
static MP_DEFINE_CONST_DICT(socket_locals, socket_locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(socket_type, MP_QSTR_Socket, MP_TYPE_FLAG_NONE, make_new, make_new, protocol,
    &socket_protocol, locals_dict, &socket_locals);

queue_socket *queue_socket_of(mp_obj_t object) {
    if (!mp_obj_is_type(object, &socket_type)) {
        mp_raise_TypeError(MP_ERROR_TEXT("no Socket of udp_queue"));
    }
    return open_socket(object);
}

static const mp_rom_map_elem_t module_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_udp_queue)},
    {MP_ROM_QSTR(MP_QSTR_Socket), MP_ROM_PTR(&socket_type)},
};
static MP_DEFINE_CONST_DICT(module_globals, module_table);
const mp_obj_module_t udp_queue_module = {.base = {&mp_type_module}, .globals = (mp_obj_dict_t *)&module_globals};
MP_REGISTER_MODULE(MP_QSTR_udp_queue, udp_queue_module);
