/** @file io.c Batches from a socket into a bridge, and the tick; the contract stands in parley_io.h. */
#include "io_state.h"

int32_t parley_io_size(void) {
    return (int32_t)sizeof(parley_io);
}

int32_t parley_io_init(parley_io *io, int32_t size) {
    if (size < parley_io_size()) {
        return PARLEY_IO_ARGUMENT;
    }
    for (int32_t i = 0; i < PARLEY_IO_STAT_COUNT; i++) {
        io->stat[i] = 0;
    }
    for (int32_t i = 0; i < PARLEY_BRIDGE_LEGS_MAX; i++) {
        io->line_fd[i] = 0;
    }
    io->lines = 0;
    io->magic = IO_MAGIC;
    return 0;
}

int32_t parley_io_usable(const parley_io *io, int32_t size) {
    return size >= parley_io_size() && io->magic == IO_MAGIC;
}

int32_t parley_io_stat(const parley_io *io, int32_t index) {
    return index < 0 || index >= PARLEY_IO_STAT_COUNT ? PARLEY_IO_ARGUMENT : io->stat[index];
}

uint8_t *parley_io_map(int32_t octets) {
    return octets > 0 ? system_map((size_t)octets) : NULL;
}

int32_t parley_io_line(parley_io *io, int32_t leg, int32_t fd) {
    if (leg < 0 || leg >= PARLEY_BRIDGE_LEGS_MAX || fd < -1 || fd == INT32_MAX) {
        return PARLEY_IO_ARGUMENT;
    }
    if (io->line_fd[leg] == 0 && fd >= 0) {
        io->line_leg[io->lines++] = leg;
    } else if (io->line_fd[leg] != 0 && fd < 0) {
        int32_t place = 0;
        while (io->line_leg[place] != leg) {
            place++;
        }
        io->line_leg[place] = io->line_leg[--io->lines];
    }
    io->line_fd[leg] = fd + 1;
    return 0;
}

/** Samples from a datagram's arrival to the tick; half a frame where nobody knows. */
static int32_t before_tick(const io_batch *batch, int32_t place) {
    const system_stamp *stamp = &batch->stamps[place];
    if (batch->tick_ns == 0 || batch->messages[place].control_octets < sizeof *stamp ||
        stamp->level != SYSTEM_SOL_SOCKET || stamp->type != SYSTEM_SCM_TIMESTAMPNS) {
        return HALF_TICK;
    }
    int64_t before_ns = batch->tick_ns - (stamp->seconds * 1000000000 + stamp->nanoseconds);
    int64_t samples = before_ns / SAMPLE_NS;
    return samples < 0 || samples > PARLEY_BRIDGE_BEFORE_MAX ? HALF_TICK : (int32_t)samples; /* the clock was set */
}

static uint32_t host_of(const io_datagram *datagram) {
    const uint8_t *host = datagram->from.address;
    return (uint32_t)host[0] << 24 | (uint32_t)host[1] << 16 | (uint32_t)host[2] << 8 | host[3];
}

static uint32_t port_of(const io_datagram *datagram) {
    return (uint32_t)datagram->from.port[0] << 8 | datagram->from.port[1];
}

/** Has the legs of all these datagrams fetched at once: one after the other each would be waited for. */
static void fetch_legs(const parley_io *io, const parley_bridge *bridge, int32_t messages) {
    for (int32_t i = 0; i < messages; i++) {
        int32_t leg = bridge_source_find(bridge, host_of(&io->received[i]), port_of(&io->received[i]));
        if (leg != NOBODY) {
            bridge_leg_fetch(bridge, leg);
        }
    }
}

/** Hands datagrams to the bridge; leg: who sent them, NOBODY: their source tells. */
static void deliver(parley_io *io, parley_bridge *bridge, io_batch *batch, int32_t messages, int32_t leg) {
    if (leg == NOBODY) {
        fetch_legs(io, bridge, messages);
    }
    for (int32_t i = 0; i < messages; i++) {
        const io_datagram *datagram = &io->received[i];
        int32_t octets = (int32_t)batch->messages[i].octets;
        int32_t before = before_tick(batch, i);
        batch->messages[i].name_octets = sizeof datagram->from;
        batch->messages[i].control_octets = sizeof batch->stamps[i];
        if (batch->messages[i].flags & SYSTEM_MSG_TRUNC) {
            io_count(io, PARLEY_IO_STAT_TRUNCATED, 1);
            continue;
        }
        parley_bridge_before(bridge, before);
        if (leg == NOBODY) {
            bridge_receive_from(bridge, host_of(datagram), port_of(datagram), datagram->octets, octets);
        } else {
            parley_bridge_receive_leg(bridge, leg, datagram->octets, octets);
        }
        io_count(io, PARLEY_IO_STAT_RECEIVED, 1);
    }
}

/** Takes what has arrived on the lines. A line that is no good is silent. @return datagrams taken */
static int32_t receive_lines(parley_io *io, parley_bridge *bridge, io_batch *batch) {
    int32_t taken = 0;
    for (int32_t i = 0; i < io->lines; i++) {
        int32_t leg = io->line_leg[i];
        int32_t result = system_receive(io->line_fd[leg] - 1, batch->messages, PARLEY_IO_LINE_DATAGRAMS);
        io_count(io, PARLEY_IO_STAT_RECEIVE_CALLS, 1);
        if (result > 0) {
            deliver(io, bridge, batch, result, leg);
            taken += result;
        } else if (result != -SYSTEM_EAGAIN) { /* news of an earlier packet; what has come, comes in the next tick */
            io_count(io, PARLEY_IO_STAT_RECEIVE_ERRORS, 1);
        }
    }
    return taken;
}

/** tick_ns: now, for a tick that comes now; else 0. */
static int32_t receive(parley_io *io, parley_bridge *bridge, int32_t fd, int32_t most, int64_t tick_ns) {
    io_batch batch;
    batch.tick_ns = tick_ns;
    int32_t taken = 0;
    int32_t calls = most / BATCH + 2; /* errors are bounded too */
    for (int32_t i = 0; i < BATCH; i++) {
        io_describe(&batch, i, &io->received[i].from, io->received[i].octets, DATAGRAM_OCTETS);
        batch.messages[i].control = &batch.stamps[i];
        batch.messages[i].control_octets = sizeof batch.stamps[i];
    }
    while (taken < most && calls-- > 0) {
        int32_t result = system_receive(fd, batch.messages, BATCH);
        io_count(io, PARLEY_IO_STAT_RECEIVE_CALLS, 1);
        if (io_broken(result)) {
            return PARLEY_IO_ERRNO + result;
        }
        if (result == -SYSTEM_EAGAIN) {
            break;
        }
        if (result < 0) {
            io_count(io, PARLEY_IO_STAT_RECEIVE_ERRORS, 1);
            continue;
        }
        deliver(io, bridge, &batch, result, NOBODY);
        taken += result;
        if (result < BATCH) {
            break; /* that was all */
        }
    }
    taken += receive_lines(io, bridge, &batch);
    parley_bridge_before(bridge, HALF_TICK);
    return taken;
}

int32_t parley_io_receive(parley_io *io, parley_bridge *bridge, int32_t fd, int32_t most) {
    return receive(io, bridge, fd, most, 0);
}

/** Of a packet that may be longer than plain ones, and stand elsewhere. */
static void describe_special(io_batch *batch, const parley_bridge *bridge, int32_t place) {
    uint8_t *packet = bridge_packet_of(bridge, place);
    bridge_transmit *head = (bridge_transmit *)(void *)(packet - PACKET_AT);
    head->family = SYSTEM_AF_INET;
    batch->messages[place].name = (system_address *)(void *)head;
    batch->parts[place].memory = packet;
    batch->parts[place].octets = (size_t)bridge_octets_at(bridge, place);
}

int32_t parley_io_tick(parley_io *io, parley_bridge *bridge, int32_t fd, int32_t most, int32_t phase,
                       int32_t phases) {
    io_batch batch;
    int32_t sent = 0;
    int32_t received = receive(io, bridge, fd, most, system_now());
    if (received < 0) {
        return received;
    }
    if (parley_bridge_begin(bridge, phase, phases) != 0) {
        return PARLEY_IO_ARGUMENT;
    }
    for (int32_t i = 0; i < BATCH && i < bridge->legs; i++) {
        bridge_transmit *place = bridge_transmit_at(bridge, i);
        place->family = SYSTEM_AF_INET;
        io_describe(&batch, i, (system_address *)place, place->packet, PARLEY_LEG_PACKET_BYTES);
    }
    for (int32_t made; (made = parley_bridge_mix(bridge, BATCH)) > 0;) {
        for (int32_t i = 0; i < made && bridge->special_legs > 0; i++) {
            describe_special(&batch, bridge, i);
        }
        int32_t result = io_send(io, bridge, &batch, fd, made);
        if (result < 0) {
            return result;
        }
        sent += result;
    }
    return sent;
}
