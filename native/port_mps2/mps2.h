// The parts of Arm's MPS2+ FPGA images AN386 (Cortex-M4) and AN500 (Cortex-M7) that this port uses.
// Addresses: Arm DAI0386/DAI0500 application notes; the Ethernet controller is SMSC's LAN9118.
#ifndef MPS2_H
#define MPS2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MPS2_CLOCK_HZ (25000000u)
#define MPS2_DUAL_TIMER (0x40002000u)
#define MPS2_UART0 (0x40004000u)
#define MPS2_WATCHDOG (0x40008000u)
// MPS2_LAN9118 and MPS2_PSRAM differ between the images: board.toml gives them to the compiler.
#define MPS2_PSRAM_BYTES (16u * 1024u * 1024u)

// PSRAM is kept over a reset. First kilobyte: what must survive; then the flash disk.
#define MPS2_SEED_ADDRESS (MPS2_PSRAM)            // 32 random bytes, written by the loader at power-up
#define MPS2_RESET_NOTE_ADDRESS (MPS2_PSRAM + 64) // why the last reset happened
#define MPS2_BOOT_SWITCH_ADDRESS (MPS2_PSRAM + 96) // MPS2_BOOT_SAFE: set from outside, like a boot button
#define MPS2_BOOT_SAFE (0x50415346u)
#define MPS2_FLASH_ADDRESS (MPS2_PSRAM + 0x400000u)
#define MPS2_FLASH_BYTES (2u * 1024u * 1024u)
#define MPS2_FLASH_BLOCK_BYTES (4096u)
// Where the firmware's bytecode is executed in place, outside the heap that the collector walks.
#define MPS2_PLACE_ADDRESS (MPS2_PSRAM + 0x800000u)
#define MPS2_PLACE_BYTES (1024u * 1024u)

#define MPS2_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

enum { MPS2_IRQ_UART0_RX = 0, MPS2_IRQ_ETHERNET = 13 };
// Lower number, higher priority; three bits are implemented in QEMU's cores at least.
enum { MPS2_PRIORITY_TICK = 0x20, MPS2_PRIORITY_UART = 0x40, MPS2_PRIORITY_NET = 0xe0 };
enum mps2_reset_note { MPS2_RESET_POWER = 0, MPS2_RESET_SOFT = 1, MPS2_RESET_WATCHDOG = 3, MPS2_RESET_FAULT = 4 };

void mps2_cpu_init(void);
void mps2_irq_enable(int irq, int priority);
// Raise the execution priority so that PendSV (the network) cannot run; returns what to restore.
uint32_t mps2_net_lock(void);
void mps2_net_unlock(uint32_t state);
void mps2_net_pend(void);
void mps2_reset(enum mps2_reset_note note) __attribute__((noreturn));
enum mps2_reset_note mps2_reset_cause(void);
uint64_t mps2_time_us(void);

void mps2_clock_init(void);
void mps2_uart_init(void);
int mps2_uart_take(void); // next received byte or -1
bool mps2_uart_waiting(void);
void mps2_uart_send(const char *data, size_t length);

// Memory for native code, outside the heap; raises MemoryError. All of it is free again after a soft reset.
void *mps2_code_alloc(size_t bytes);
void mps2_code_free_all(void);
size_t mps2_code_used(size_t *there);

void mps2_watchdog_start(uint32_t timeout_ms);
void mps2_watchdog_feed(void);

void mps2_network_init(void);
void mps2_network_deinit(void);

#endif
