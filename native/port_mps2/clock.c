// Time: a free-running counter that says what time it is, a tick that wakes whoever waits, and the watchdog.
// The counter is read, never counted in interrupts: an emulator that is held up loses ticks, but no time.
#include "mps2.h"

#include "py/mphal.h"
#include "py/runtime.h"

#define SYST_CONTROL MPS2_REG(0xe000e010u)
#define SYST_RELOAD MPS2_REG(0xe000e014u)
#define SYST_VALUE MPS2_REG(0xe000e018u)
#define TICK_CYCLES (MPS2_CLOCK_HZ / 1000u)
#define NETWORK_TICKS (64u) // lwIP's own timers are looked at so often

// CMSDK dual timer (Arm DDI0479, 4.4): 32 bits, counting down at the system clock, round and round
#define TIMER_LOAD MPS2_REG(MPS2_DUAL_TIMER + 0x00)
#define TIMER_VALUE MPS2_REG(MPS2_DUAL_TIMER + 0x04)
#define TIMER_CONTROL MPS2_REG(MPS2_DUAL_TIMER + 0x08)
enum { TIMER_32_BITS = 1 << 1, TIMER_ON = 1 << 7 };

static uint64_t cycles_total;
static uint32_t cycles_seen, ticks;

void mps2_clock_init(void) {
    TIMER_LOAD = 0xffffffffu;
    TIMER_CONTROL = TIMER_32_BITS | TIMER_ON;
    cycles_seen = ~TIMER_VALUE;
    SYST_RELOAD = TICK_CYCLES - 1;
    SYST_VALUE = 0;
    SYST_CONTROL = 7; // processor clock, interrupt, on
}

static uint64_t cycles(void) {
    uint32_t state = mps2_irq_off();
    uint32_t now = ~TIMER_VALUE;
    cycles_total += now - cycles_seen; // wraps after 171 s, the tick comes sooner
    cycles_seen = now;
    uint64_t total = cycles_total;
    mps2_irq_restore(state);
    return total;
}

void SysTick_Handler(void) {
    if (++ticks % NETWORK_TICKS == 0) {
        cycles();
        mps2_net_pend();
    }
}

uint64_t mps2_time_us(void) { return cycles() / (MPS2_CLOCK_HZ / 1000000u); }

mp_uint_t mp_hal_ticks_ms(void) { return (mp_uint_t)(cycles() / (MPS2_CLOCK_HZ / 1000u)); }
mp_uint_t mp_hal_ticks_us(void) { return (mp_uint_t)mps2_time_us(); }
mp_uint_t mp_hal_ticks_cpu(void) { return (mp_uint_t)cycles(); }
uint64_t mp_hal_time_ns(void) { return mps2_time_us() * 1000u; }

void mp_hal_delay_us(mp_uint_t us) {
    uint64_t end = mps2_time_us() + us;
    while (mps2_time_us() < end) {
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    mp_uint_t start = mp_hal_ticks_ms(), gone = 0;
    while (gone < ms) {
        mp_event_wait_ms(ms - gone);
        gone = mp_hal_ticks_ms() - start;
    }
}

#define WATCHDOG_LOAD MPS2_REG(MPS2_WATCHDOG + 0x000)
#define WATCHDOG_CONTROL MPS2_REG(MPS2_WATCHDOG + 0x008)
#define WATCHDOG_CLEAR MPS2_REG(MPS2_WATCHDOG + 0x00c)
#define WATCHDOG_LOCK MPS2_REG(MPS2_WATCHDOG + 0xc00)

void mps2_watchdog_start(uint32_t timeout_ms) {
    WATCHDOG_LOCK = 0x1acce551u;
    WATCHDOG_LOAD = timeout_ms * (MPS2_CLOCK_HZ / 1000u);
    WATCHDOG_CONTROL = 3; // interrupt (our NMI) at the first time-out, reset at the second
    WATCHDOG_LOCK = 0;
}

void mps2_watchdog_feed(void) {
    WATCHDOG_LOCK = 0x1acce551u;
    WATCHDOG_CLEAR = 1;
    WATCHDOG_LOCK = 0;
}
