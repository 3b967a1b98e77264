// Vectors, reset, faults: what runs before and beside main().
#include <string.h>

#include "mps2.h"

extern uint32_t _stack_top, _data_load, _data_start, _data_end, _bss_start, _bss_end;
int main(void);

#define SCB_ICSR MPS2_REG(0xe000ed04u)
#define SCB_AIRCR MPS2_REG(0xe000ed0cu)
#define SCB_SHPR3 MPS2_REG(0xe000ed20u)
#define SCB_CPACR MPS2_REG(0xe000ed88u)
#define SCB_CFSR MPS2_REG(0xe000ed28u)
#define NVIC_ISER MPS2_REG(0xe000e100u)

void SysTick_Handler(void);
void PendSV_Handler(void);
void UART0_Handler(void);
void Ethernet_Handler(void);

__attribute__((naked, noreturn)) void Reset_Handler(void) {
    __asm volatile("ldr r0, =_stack_top\n mov sp, r0\n b mps2_start");
}

__attribute__((used, noreturn)) void mps2_start(void) {
    SCB_CPACR |= 0xfu << 20; // full access to the floating point unit, before any code uses it
    __asm volatile("dsb\n isb");
    memcpy(&_data_start, &_data_load, (size_t)((uint8_t *)&_data_end - (uint8_t *)&_data_start));
    memset(&_bss_start, 0, (size_t)((uint8_t *)&_bss_end - (uint8_t *)&_bss_start));
    main();
    mps2_reset(MPS2_RESET_SOFT);
}

static void print_hex(const char *label, uint32_t value) {
    char digits[9];
    for (int i = 0; i < 8; i++) {
        digits[i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15];
    }
    digits[8] = '\n';
    mps2_uart_send(label, strlen(label));
    mps2_uart_send(digits, 9);
}

__attribute__((used, noreturn)) void mps2_fault(const uint32_t *frame) {
    const char text[] = "\r\nfault: the processor stopped; resetting\r\n";
    mps2_uart_send(text, sizeof(text) - 1);
    print_hex("pc   ", frame[6]);
    print_hex("lr   ", frame[5]);
    print_hex("cfsr ", SCB_CFSR);
    mps2_reset(MPS2_RESET_FAULT);
}

__attribute__((naked)) void Fault_Handler(void) {
    __asm volatile("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n b mps2_fault");
}

// The watchdog's first time-out is the non-maskable interrupt, its second a reset: say so while we can.
static void NMI_Handler(void) {
    const char text[] = "\r\nwatchdog: the firmware stopped making progress; resetting\r\n";
    mps2_uart_send(text, sizeof(text) - 1);
    mps2_reset(MPS2_RESET_WATCHDOG);
}

static void Idle_Handler(void) {}

typedef void (*handler_t)(void);
__attribute__((used, section(".vectors"))) const handler_t vectors[16 + MPS2_IRQ_ETHERNET + 1] = {
    (handler_t)&_stack_top, Reset_Handler, NMI_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler,
    0, 0, 0, 0, Idle_Handler, Idle_Handler, 0, PendSV_Handler, SysTick_Handler,
    [16 + MPS2_IRQ_UART0_RX] = UART0_Handler,
    [16 + 1] = Idle_Handler, [16 + 2] = Idle_Handler, [16 + 3] = Idle_Handler, [16 + 4] = Idle_Handler,
    [16 + 5] = Idle_Handler, [16 + 6] = Idle_Handler, [16 + 7] = Idle_Handler, [16 + 8] = Idle_Handler,
    [16 + 9] = Idle_Handler, [16 + 10] = Idle_Handler, [16 + 11] = Idle_Handler, [16 + 12] = Idle_Handler,
    [16 + MPS2_IRQ_ETHERNET] = Ethernet_Handler,
};

void mps2_irq_enable(int irq, int priority) {
    *(volatile uint8_t *)(uintptr_t)(0xe000e400u + (uint32_t)irq) = (uint8_t)priority;
    NVIC_ISER = 1u << irq;
}

void mps2_cpu_init(void) {
    SCB_SHPR3 = (uint32_t)MPS2_PRIORITY_NET << 16 | (uint32_t)MPS2_PRIORITY_TICK << 24;
}

uint32_t mps2_net_lock(void) {
    uint32_t state;
    __asm volatile("mrs %0, basepri" : "=r"(state));
    __asm volatile("msr basepri_max, %0\n isb" ::"r"(MPS2_PRIORITY_NET) : "memory");
    return state;
}

void mps2_net_unlock(uint32_t state) { __asm volatile("msr basepri, %0\n isb" ::"r"(state) : "memory"); }

void mps2_net_pend(void) { SCB_ICSR = 1u << 28; }

static enum mps2_reset_note noted_cause;

void mps2_reset(enum mps2_reset_note note) {
    MPS2_REG(MPS2_RESET_NOTE_ADDRESS) = 0x50410000u | (uint32_t)note;
    __asm volatile("dsb");
    SCB_AIRCR = 0x05fa0004u; // SYSRESETREQ
    for (;;) {
    }
}

enum mps2_reset_note mps2_reset_cause(void) {
    uint32_t word = MPS2_REG(MPS2_RESET_NOTE_ADDRESS);
    if ((word & 0xffff0000u) == 0x50410000u) {
        noted_cause = (enum mps2_reset_note)(word & 0xffffu);
        MPS2_REG(MPS2_RESET_NOTE_ADDRESS) = 0;
    }
    return noted_cause;
}
