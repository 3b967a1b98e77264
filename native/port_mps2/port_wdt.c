// machine.WDT: included by extmod/machine_wdt.c.
#include "mps2.h"

#include "py/mperrno.h"

typedef struct _machine_wdt_obj_t {
    mp_obj_base_t base;
} machine_wdt_obj_t;

static const machine_wdt_obj_t machine_wdt = {{&machine_wdt_type}};

static machine_wdt_obj_t *mp_machine_wdt_make_new_instance(mp_int_t id, mp_int_t timeout_ms) {
    if (id != 0) {
        mp_raise_OSError(MP_ENODEV);
    }
    if (timeout_ms < 1 || timeout_ms > 100000) {
        mp_raise_ValueError(MP_ERROR_TEXT("timeout must be 1 to 100000 ms"));
    }
    mps2_watchdog_start((uint32_t)timeout_ms);
    return (machine_wdt_obj_t *)&machine_wdt;
}

static void mp_machine_wdt_feed(machine_wdt_obj_t *self) {
    (void)self;
    mps2_watchdog_feed();
}
