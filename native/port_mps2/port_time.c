// time.*: included by extmod/modtime.c. No clock here survives power; the server's Date sets the firmware's.
#include "mps2.h"

#include "shared/timeutils/timeutils.h"

static mp_obj_t mp_time_time_get(void) { return mp_obj_new_int_from_uint((mp_uint_t)(mps2_time_us() / 1000000u)); }

static mp_obj_t mp_time_localtime_get(void) {
    timeutils_struct_time_t now;
    timeutils_seconds_since_epoch_to_struct_time((mp_uint_t)(mps2_time_us() / 1000000u), &now);
    mp_obj_t row[] = {
        mp_obj_new_int(now.tm_year), mp_obj_new_int(now.tm_mon), mp_obj_new_int(now.tm_mday), mp_obj_new_int(now.tm_hour),
        mp_obj_new_int(now.tm_min), mp_obj_new_int(now.tm_sec), mp_obj_new_int(now.tm_wday), mp_obj_new_int(now.tm_yday),
    };
    return mp_obj_new_tuple(8, row);
}
