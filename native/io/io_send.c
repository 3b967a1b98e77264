/** @file io_send.c Batches of what the bridge has made to a socket, and to the lines of legs that have one. */
#include "io_state.h"

static void refuse(parley_io *io, parley_bridge *bridge, int32_t from, int32_t to) {
    for (int32_t place = from; place < to; place++) {
        parley_bridge_refused(bridge, place);
    }
    io_count(io, PARLEY_IO_STAT_REFUSED, to - from);
}

/** Sends places `from` to `to` - 1 of the transmit area. @return packets sent, or below PARLEY_IO_ERRNO */
static int32_t send_run(parley_io *io, parley_bridge *bridge, io_batch *batch, int32_t fd, int32_t from, int32_t to) {
    int32_t done = from;
    int32_t refused = 0;
    int32_t tries = 2 * (to - from); /* news of an earlier packet (ICMP) takes this one's turn, not its place */
    while (done < to) {
        int32_t result = system_send(fd, batch->messages + done, to - done);
        io_count(io, PARLEY_IO_STAT_SEND_CALLS, 1);
        if (io_broken(result)) {
            return PARLEY_IO_ERRNO + result;
        }
        if (result > 0) {
            done += result;
        } else if (result == -SYSTEM_EAGAIN || result == -SYSTEM_ENOBUFS || result == -SYSTEM_ENOMEM) {
            refuse(io, bridge, done, to); /* no room: late is worth nothing */
            refused += to - done;
            break;
        } else if ((result != -SYSTEM_ECONNREFUSED && result != -SYSTEM_EINTR) || tries-- <= 0) {
            refuse(io, bridge, done, done + 1);
            refused++;
            done++;
        }
    }
    io_count(io, PARLEY_IO_STAT_SENT, to - from - refused);
    return to - from - refused;
}

/** Sends the packet at `place` by the leg's line. @return packets sent */
static int32_t send_line(parley_io *io, parley_bridge *bridge, io_batch *batch, int32_t line, int32_t place) {
    system_message *message = &batch->messages[place];
    system_address *name = message->name;
    message->name = NULL; /* it is connected */
    message->name_octets = 0;
    int32_t result = send_run(io, bridge, batch, line, place, place + 1);
    message->name = name;
    message->name_octets = sizeof *name;
    if (result < 0) {
        refuse(io, bridge, place, place + 1);
        return 0;
    }
    return result;
}

int32_t io_send(parley_io *io, parley_bridge *bridge, io_batch *batch, int32_t fd, int32_t made) {
    const int32_t *legs = bridge_recipients(bridge);
    int32_t sent = 0;
    int32_t from = 0; /* of the places that go by `fd` */
    for (int32_t place = 0; io->lines > 0 && place < made; place++) {
        int32_t line = io->line_fd[legs[place]] - 1;
        if (line < 0) {
            continue;
        }
        int32_t result = send_run(io, bridge, batch, fd, from, place);
        if (result < 0) {
            return result;
        }
        sent += result + send_line(io, bridge, batch, line, place);
        from = place + 1;
    }
    int32_t result = send_run(io, bridge, batch, fd, from, made);
    return result < 0 ? result : sent + result;
}
