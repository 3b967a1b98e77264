/**
 * @file lwip_io.c
 * The module lwip_io: a board's packets between lwIP and the bridge, one call a tick, with the faces of the module
 * parley_io (native/io), so that Python does not run for each leg. One Socket of udp_queue takes everybody's RTP; a leg
 * may have a connected one of its own, a line.
 *
 * The kernels are those of parley_native, called as Python calls them: this module holds none of its own, so what is
 * deployed over the serial line and the firmware beneath it cannot disagree about the bridge's memory.
 *
 *     io_kernels((bridge_before, bridge_receive, bridge_receive_leg, bridge_begin, bridge_mix, bridge_packet,
 *         bridge_packet_leg, bridge_packet_octets, bridge_refused), bytearray(6))   first, at each start
 *     io_size() io_map(octets) io_init(io) io_line(io, leg, Socket or -1) io_stat(io, index)
 *     io_receive(io, bridge, Socket, most) io_tick(io, bridge, Socket, most, phase, phases) -> as parley_io.h
 *
 * `io` is the memory a datagram is put into for the kernels. io_map gives memory out of the collector's sight while
 * there is some, and of its heap afterwards.
 */
#include <string.h>

#include "udp_queue.h"

#include "py/mphal.h"
#include "py/objarray.h"
#include "py/runtime.h"

#ifndef PARLEY_IO_ARENA_OCTETS
#define PARLEY_IO_ARENA_OCTETS 8
#endif

/* As parley_io.h and parley_bridge.h have them. */
enum { DATAGRAM_OCTETS = 1056, BATCH = 64, HALF_TICK = 80, BEFORE_MAX = 8000, ADDRESS_OCTETS = 6, LINES = 64 };
enum { RECEIVED, TRUNCATED, RECEIVE_ERRORS, SENT, REFUSED, RECEIVE_CALLS, SEND_CALLS, STATS };
enum { STAT_MASK = 0x3fffffff };
/* Before each packet of the transmit area stand family, port and host of its peer, as in a struct sockaddr_in. */
enum { HEAD_OCTETS = 16, HEAD_PORT = 2, HEAD_HOST = 4 };
enum kernel { BEFORE, RECEIVE, RECEIVE_LEG, BEGIN, MIX, PACKET, PACKET_LEG, PACKET_OCTETS, REFUSE, KERNELS };

static uint8_t arena[PARLEY_IO_ARENA_OCTETS] __attribute__((aligned(8)));
static size_t arena_used;
static uint32_t stats[STATS];

MP_REGISTER_ROOT_POINTER(mp_obj_t lwip_io_kernels[9]);
MP_REGISTER_ROOT_POINTER(mp_obj_t lwip_io_address);
MP_REGISTER_ROOT_POINTER(mp_obj_t lwip_io_lines[64]);

static void count(int stat, uint32_t by) { stats[stat] = (stats[stat] + by) & STAT_MASK; }

static mp_int_t kernel(enum kernel which, size_t count, const mp_obj_t *arguments) {
    return mp_obj_get_int(mp_call_function_n_kw(MP_STATE_VM(lwip_io_kernels)[which], count, 0, arguments));
}

static mp_int_t kernel_at(enum kernel which, mp_obj_t bridge, mp_int_t place) {
    mp_obj_t arguments[] = {bridge, MP_OBJ_NEW_SMALL_INT(place)};
    return kernel(which, 2, arguments);
}

/** bridge_before, bridge_begin and bridge_refused answer None. */
static void order(enum kernel which, size_t count, const mp_obj_t *arguments) {
    mp_call_function_n_kw(MP_STATE_VM(lwip_io_kernels)[which], count, 0, arguments);
}

static void order_at(enum kernel which, mp_obj_t bridge, mp_int_t value) {
    mp_obj_t arguments[] = {bridge, MP_OBJ_NEW_SMALL_INT(value)};
    order(which, 2, arguments);
}

static mp_obj_t io_kernels(mp_obj_t kernels, mp_obj_t address) {
    size_t count;
    mp_obj_t *items;
    mp_buffer_info_t octets;
    mp_obj_get_array(kernels, &count, &items);
    mp_get_buffer_raise(address, &octets, MP_BUFFER_WRITE);
    if (count != KERNELS || octets.len != ADDRESS_OCTETS) {
        mp_raise_ValueError(MP_ERROR_TEXT("kernels"));
    }
    memcpy(MP_STATE_VM(lwip_io_kernels), items, sizeof(mp_obj_t) * KERNELS);
    MP_STATE_VM(lwip_io_address) = address;
    arena_used = 0;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(io_kernels_obj, io_kernels);

static mp_obj_t io_size(void) { return MP_OBJ_NEW_SMALL_INT(DATAGRAM_OCTETS); }
static MP_DEFINE_CONST_FUN_OBJ_0(io_size_obj, io_size);

static mp_obj_t io_map(mp_obj_t octets) {
    mp_int_t wanted = mp_obj_get_int(octets);
    if (wanted <= 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("octets"));
    }
    size_t size = ((size_t)wanted + 7u) & ~(size_t)7u;
    void *memory;
    if (size <= sizeof(arena) - arena_used) {
        memory = arena + arena_used;
        arena_used += size;
        memset(memory, 0, (size_t)wanted);
    } else {
        memory = m_new0(uint8_t, (size_t)wanted);
    }
    return mp_obj_new_bytearray_by_ref((size_t)wanted, memory);
}
static MP_DEFINE_CONST_FUN_OBJ_1(io_map_obj, io_map);

static mp_obj_t io_init(mp_obj_t io) {
    (void)io;
    memset(stats, 0, sizeof(stats));
    for (int i = 0; i < LINES; i++) {
        MP_STATE_VM(lwip_io_lines)[i] = MP_OBJ_NULL;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(io_init_obj, io_init);

static mp_obj_t io_line(mp_obj_t io, mp_obj_t leg, mp_obj_t socket) {
    (void)io;
    mp_int_t number = mp_obj_get_int(leg);
    if (number < 0 || number >= LINES) {
        mp_raise_ValueError(MP_ERROR_TEXT("leg"));
    }
    bool none = socket == MP_OBJ_NEW_SMALL_INT(-1);
    MP_STATE_VM(lwip_io_lines)[number] = none ? MP_OBJ_NULL : MP_OBJ_FROM_PTR(queue_socket_of(socket));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(io_line_obj, io_line);

static mp_obj_t io_stat(mp_obj_t io, mp_obj_t index) {
    (void)io;
    mp_int_t number = mp_obj_get_int(index);
    if (number < 0 || number >= STATS) {
        mp_raise_ValueError(MP_ERROR_TEXT("stat"));
    }
    return MP_OBJ_NEW_SMALL_INT(stats[number]);
}
static MP_DEFINE_CONST_FUN_OBJ_2(io_stat_obj, io_stat);

/** Samples from a datagram's arrival to now; half a frame when that is nonsense. */
static mp_int_t samples_since(uint32_t at_us) {
    uint32_t samples = ((uint32_t)mp_hal_ticks_us() - at_us) / 125u;
    return samples > BEFORE_MAX ? HALF_TICK : (mp_int_t)samples;
}

static void write_address(const queue_arrival *from) {
    mp_buffer_info_t octets;
    mp_get_buffer_raise(MP_STATE_VM(lwip_io_address), &octets, MP_BUFFER_WRITE);
    uint8_t *to = octets.buf;
    for (int i = 0; i < 4; i++) {
        to[i] = ip4_addr_get_byte(ip_2_ip4(&from->host), i);
    }
    to[4] = (uint8_t)(from->port >> 8);
    to[5] = (uint8_t)from->port;
}

/** Hands what waits at a socket to the bridge. leg: whose it is; -1: its source tells. @return datagrams taken */
static mp_int_t drain(mp_obj_t io, mp_obj_t bridge, queue_socket *socket, mp_int_t most, mp_int_t leg) {
    mp_buffer_info_t room;
    mp_get_buffer_raise(io, &room, MP_BUFFER_WRITE);
    mp_int_t taken = 0;
    for (; taken < most; taken++) {
        queue_arrival from;
        int32_t octets = queue_socket_take(socket, room.buf, room.len, &from);
        if (octets < 0) {
            break;
        }
        if ((size_t)octets > room.len) {
            count(TRUNCATED, 1);
            continue;
        }
        order_at(BEFORE, bridge, samples_since(from.at_us));
        if (leg < 0) {
            write_address(&from);
            mp_obj_t arguments[] = {bridge, io, MP_OBJ_NEW_SMALL_INT(octets), MP_STATE_VM(lwip_io_address)};
            kernel(RECEIVE, 4, arguments);
        } else {
            mp_obj_t arguments[] = {bridge, MP_OBJ_NEW_SMALL_INT(leg), io, MP_OBJ_NEW_SMALL_INT(octets)};
            kernel(RECEIVE_LEG, 4, arguments);
        }
        count(RECEIVED, 1);
    }
    count(RECEIVE_CALLS, 1);
    return taken;
}

static mp_int_t receive(const mp_obj_t *args) {
    mp_int_t most = mp_obj_get_int(args[3]);
    mp_int_t taken = drain(args[0], args[1], queue_socket_of(args[2]), most, -1);
    for (mp_int_t leg = 0; leg < LINES; leg++) {
        mp_obj_t line = MP_STATE_VM(lwip_io_lines)[leg];
        if (line != MP_OBJ_NULL) {
            queue_socket *socket = MP_OBJ_TO_PTR(line);
            taken += drain(args[0], args[1], socket, (mp_int_t)socket->depth, leg);
        }
    }
    order_at(BEFORE, args[1], HALF_TICK);
    return taken;
}

static mp_obj_t io_receive(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    return MP_OBJ_NEW_SMALL_INT(receive(args));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(io_receive_obj, 4, 4, io_receive);

/** Sends the packet at a place of the transmit area. */
static bool send_place(mp_obj_t bridge, queue_socket *socket, mp_int_t place) {
    mp_buffer_info_t memory;
    mp_get_buffer_raise(bridge, &memory, MP_BUFFER_READ);
    mp_int_t at = kernel_at(PACKET, bridge, place);
    mp_int_t octets = kernel_at(PACKET_OCTETS, bridge, place);
    mp_int_t leg = kernel_at(PACKET_LEG, bridge, place);
    if (at < HEAD_OCTETS || octets <= 0 || (size_t)at + (size_t)octets > memory.len) {
        return false;
    }
    const uint8_t *packet = (const uint8_t *)memory.buf + at;
    mp_obj_t line = leg >= 0 && leg < LINES ? MP_STATE_VM(lwip_io_lines)[leg] : MP_OBJ_NULL;
    if (line != MP_OBJ_NULL) {
        queue_socket *own = MP_OBJ_TO_PTR(line);
        return own->pcb != NULL && queue_socket_transmit(own, packet, (size_t)octets, NULL, 0);
    }
    const uint8_t *head = packet - HEAD_OCTETS;
    ip_addr_t host;
    IP_ADDR4(&host, head[HEAD_HOST], head[HEAD_HOST + 1], head[HEAD_HOST + 2], head[HEAD_HOST + 3]);
    u16_t port = (u16_t)(head[HEAD_PORT] << 8 | head[HEAD_PORT + 1]);
    return queue_socket_transmit(socket, packet, (size_t)octets, &host, port);
}

static mp_obj_t io_tick(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    receive(args);
    mp_obj_t bridge = args[1];
    queue_socket *socket = queue_socket_of(args[2]);
    mp_obj_t phases[] = {bridge, args[4], args[5]};
    order(BEGIN, 3, phases);
    mp_int_t sent = 0;
    for (mp_int_t made; (made = kernel_at(MIX, bridge, BATCH)) > 0;) {
        for (mp_int_t place = 0; place < made; place++) {
            if (send_place(bridge, socket, place)) {
                sent++;
            } else {
                order_at(REFUSE, bridge, place);
                count(REFUSED, 1);
            }
        }
        count(SEND_CALLS, (uint32_t)made);
    }
    count(SENT, (uint32_t)sent);
    return MP_OBJ_NEW_SMALL_INT(sent);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(io_tick_obj, 6, 6, io_tick);

static const mp_rom_map_elem_t module_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_lwip_io)},
    {MP_ROM_QSTR(MP_QSTR_io_kernels), MP_ROM_PTR(&io_kernels_obj)},
    {MP_ROM_QSTR(MP_QSTR_io_size), MP_ROM_PTR(&io_size_obj)},
    {MP_ROM_QSTR(MP_QSTR_io_map), MP_ROM_PTR(&io_map_obj)},
    {MP_ROM_QSTR(MP_QSTR_io_init), MP_ROM_PTR(&io_init_obj)},
    {MP_ROM_QSTR(MP_QSTR_io_line), MP_ROM_PTR(&io_line_obj)},
    {MP_ROM_QSTR(MP_QSTR_io_stat), MP_ROM_PTR(&io_stat_obj)},
    {MP_ROM_QSTR(MP_QSTR_io_receive), MP_ROM_PTR(&io_receive_obj)},
    {MP_ROM_QSTR(MP_QSTR_io_tick), MP_ROM_PTR(&io_tick_obj)},
};
static MP_DEFINE_CONST_DICT(module_globals, module_table);
const mp_obj_module_t lwip_io_module = {.base = {&mp_type_module}, .globals = (mp_obj_dict_t *)&module_globals};
MP_REGISTER_MODULE(MP_QSTR_lwip_io, lwip_io_module);
