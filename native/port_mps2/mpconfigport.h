// MicroPython for MPS2+ images AN386 and AN500.
#include <stddef.h>
#include <stdint.h>

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

#define MICROPY_EMIT_THUMB (1) // native modules load only where native code may be emitted
#define MICROPY_EMIT_INLINE_THUMB (0)
#define MICROPY_MAKE_POINTER_CALLABLE(p) ((void *)((mp_uint_t)(p) | 1))
#define MICROPY_PERSISTENT_CODE_LOAD (1)
void *mps2_code_alloc(size_t bytes); // native code is no garbage: the collector need not walk it
#define MP_PLAT_ALLOC_EXEC(min_size, ptr, size) do { *(ptr) = mps2_code_alloc(min_size); *(size) = (min_size); } while (0)
#define MP_PLAT_FREE_EXEC(ptr, size)
#define MICROPY_ENABLE_GC (1)
#define MICROPY_ALLOC_GC_STACK_SIZE (1024) // one that overflows makes the collector walk the whole heap again
#define MICROPY_MALLOC_USES_ALLOCATED_SIZE (1)
#define MICROPY_MEM_STATS (1)
#define MICROPY_STACK_CHECK (1)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
#define MICROPY_EMERGENCY_EXCEPTION_BUF_SIZE (256)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_KBD_EXCEPTION (1)
#define MICROPY_ENABLE_SCHEDULER (1)
#define MICROPY_SCHEDULER_STATIC_NODES (1)
#define MICROPY_HELPER_REPL (1)
#define MICROPY_REPL_AUTO_INDENT (1)

#define MICROPY_READER_VFS (1)
#define MICROPY_VFS (1)
#define MICROPY_VFS_ROM (1)
#define MICROPY_VFS_ROM_IOCTL (0)
#define MICROPY_FATFS_ENABLE_LFN (0)

#define MICROPY_PY_SYS_PLATFORM "mps2"
#define MICROPY_PY_SYS_STDIO_BUFFER (1)
#define MICROPY_PY_OS_INCLUDEFILE "port_os.c"
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_OS_DUPTERM (0)
#define MICROPY_PY_TIME_INCLUDEFILE "port_time.c"
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_EPOCH_IS_1970 (1)
#define MICROPY_PY_MACHINE (1)
#define MICROPY_PY_MACHINE_INCLUDEFILE "port_machine.c"
#define MICROPY_PY_MACHINE_RESET (1)
#define MICROPY_PY_MACHINE_BARE_METAL_FUNCS (0)
#define MICROPY_PY_MACHINE_DISABLE_IRQ_ENABLE_IRQ (0)
#define MICROPY_PY_MACHINE_PULSE (0)
#define MICROPY_PY_MACHINE_SIGNAL (0)
#define MICROPY_PY_MACHINE_WDT (1)
#define MICROPY_PY_MACHINE_WDT_INCLUDEFILE "port_wdt.c"
#define MICROPY_PY_HASHLIB_MD5 (0)
#define MICROPY_PY_HASHLIB_SHA1 (0)
#define MICROPY_PY_CRYPTOLIB (0)
#define MICROPY_PY_NETWORK (1)
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT "parley"
#define MICROPY_PY_SOCKET (1)
#define MICROPY_PY_LWIP_SOCK_RAW (0)
#define MICROPY_PY_WEBSOCKET (0)
#define MICROPY_PY_WEBREPL (0)
#define MICROPY_PY_FRAMEBUF (0)
#define MICROPY_PY_ONEWIRE (0)

extern const struct _mp_obj_type_t network_lan_type;
#define MICROPY_PORT_NETWORK_INTERFACES {MP_ROM_QSTR(MP_QSTR_LAN), MP_ROM_PTR(&network_lan_type)},

uint32_t mps2_net_lock(void);
void mps2_net_unlock(uint32_t state);
#define MICROPY_PY_LWIP_ENTER uint32_t net_state = mps2_net_lock();
#define MICROPY_PY_LWIP_REENTER net_state = mps2_net_lock();
#define MICROPY_PY_LWIP_EXIT mps2_net_unlock(net_state);

#define MICROPY_INTERNAL_WFE(timeout_ms) __asm volatile("wfi")
#define MICROPY_BEGIN_ATOMIC_SECTION() mps2_irq_off()
#define MICROPY_END_ATOMIC_SECTION(state) mps2_irq_restore(state)
static inline uint32_t mps2_irq_off(void) {
    uint32_t state;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(state)::"memory");
    return state;
}
static inline void mps2_irq_restore(uint32_t state) { __asm volatile("msr primask, %0" ::"r"(state) : "memory"); }

#define MP_SSIZE_MAX (0x7fffffff)
#define UINT_FMT "%lu"
#define INT_FMT "%ld"
typedef int32_t mp_int_t;
typedef uint32_t mp_uint_t;
typedef long mp_off_t;
#include <alloca.h>
#define MP_NEED_LOG2 (1)
#define MP_STATE_PORT MP_STATE_VM
