// The console's UART, with flow control.
#include "mps2.h"

#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/interrupt_char.h"

#define UART_DATA MPS2_REG(MPS2_UART0 + 0x00)
#define UART_STATE MPS2_REG(MPS2_UART0 + 0x04)
#define UART_CONTROL MPS2_REG(MPS2_UART0 + 0x08)
#define UART_INTERRUPT MPS2_REG(MPS2_UART0 + 0x0c)
#define UART_DIVISOR MPS2_REG(MPS2_UART0 + 0x10)
enum { UART_TX_FULL = 1, UART_RX_FULL = 2 };
enum { UART_TX_ON = 1, UART_RX_ON = 2, UART_RX_INTERRUPT = 8 };

#define RING_BYTES (1024u) // a power of two
static uint8_t ring[RING_BYTES];
static volatile uint32_t ring_put, ring_take;

void mps2_uart_init(void) {
    UART_DIVISOR = 16;
    UART_CONTROL = UART_TX_ON | UART_RX_ON | UART_RX_INTERRUPT;
    mps2_irq_enable(MPS2_IRQ_UART0_RX, MPS2_PRIORITY_UART);
}

void UART0_Handler(void) {
    UART_INTERRUPT = 2;
    while (UART_STATE & UART_RX_FULL) {
        if (ring_put - ring_take >= RING_BYTES) {
            UART_CONTROL = UART_TX_ON | UART_RX_ON; // the byte stays in the UART and holds the sender back
            return;
        }
        int byte = (int)(UART_DATA & 0xff);
        if (byte == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else {
            ring[ring_put % RING_BYTES] = (uint8_t)byte;
            ring_put++;
        }
    }
}

bool mps2_uart_waiting(void) { return ring_put != ring_take; }

int mps2_uart_take(void) {
    if (!mps2_uart_waiting()) {
        return -1;
    }
    int byte = ring[ring_take % RING_BYTES];
    ring_take++;
    if (!(UART_CONTROL & UART_RX_INTERRUPT) && ring_put - ring_take <= RING_BYTES / 2) {
        UART_CONTROL = UART_TX_ON | UART_RX_ON | UART_RX_INTERRUPT;
        uint32_t state = mps2_net_lock();
        __asm volatile("cpsid i");
        UART0_Handler();
        __asm volatile("cpsie i");
        mps2_net_unlock(state);
    }
    return byte;
}

void mps2_uart_send(const char *data, size_t length) {
    for (size_t i = 0; i < length; i++) {
        while (UART_STATE & UART_TX_FULL) {
        }
        UART_DATA = (uint8_t)data[i];
    }
}

uintptr_t mp_hal_stdio_poll(uintptr_t poll_flags) {
    uintptr_t ready = 0;
    if ((poll_flags & MP_STREAM_POLL_RD) && mps2_uart_waiting()) {
        ready |= MP_STREAM_POLL_RD;
    }
    return ready | (poll_flags & MP_STREAM_POLL_WR);
}

int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int byte = mps2_uart_take();
        if (byte >= 0) {
            return byte;
        }
        mp_event_wait_indefinite();
    }
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    mps2_uart_send(text, length);
    return length;
}
