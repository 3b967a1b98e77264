// The module mps2: the flash disk, why the board was reset, counters of the network and high-water marks.
#include <string.h>

#include "lan9118.h"

#include "py/mperrno.h"
#include "py/objarray.h"
#include "py/runtime.h"

#include "extmod/vfs.h"
#include "lib/crypto-algorithms/sha256.h"
#include "lwip/memp.h"
#include "lwip/priv/memp_priv.h"
#include "lwip/stats.h"

// ---- the flash disk: PSRAM that outlives a reset, as a block device ----
typedef struct {
    mp_obj_base_t base;
} flash_object_t;

extern const mp_obj_type_t mps2_flash_type;
static const flash_object_t flash_object = {{&mps2_flash_type}};

static mp_obj_t flash_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&flash_object);
}

static uint8_t *flash_place(const mp_obj_t *args, size_t n_args, size_t length) {
    uint32_t block = (uint32_t)mp_obj_get_int(args[1]);
    uint32_t offset = n_args > 3 ? (uint32_t)mp_obj_get_int(args[3]) : 0;
    uint64_t start = (uint64_t)block * MPS2_FLASH_BLOCK_BYTES + offset;
    if (start + length > MPS2_FLASH_BYTES) {
        mp_raise_OSError(MP_EINVAL);
    }
    return (uint8_t *)(uintptr_t)(MPS2_FLASH_ADDRESS + (uint32_t)start);
}

static mp_obj_t flash_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_WRITE);
    memcpy(buffer.buf, flash_place(args, n_args, buffer.len), buffer.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_readblocks_obj, 3, 4, flash_readblocks);

static mp_obj_t flash_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_READ);
    memcpy(flash_place(args, n_args, buffer.len), buffer.buf, buffer.len);
    return MP_OBJ_NEW_SMALL_INT(0);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(flash_writeblocks_obj, 3, 4, flash_writeblocks);

static mp_obj_t flash_ioctl(mp_obj_t self, mp_obj_t operation, mp_obj_t argument) {
    (void)self;
    (void)argument;
    switch (mp_obj_get_int(operation)) {
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(MPS2_FLASH_BYTES / MPS2_FLASH_BLOCK_BYTES);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(MPS2_FLASH_BLOCK_BYTES);
        default: // init, sync and erase need nothing in memory
            return MP_OBJ_NEW_SMALL_INT(0);
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(flash_ioctl_obj, flash_ioctl);

static const mp_rom_map_elem_t flash_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&flash_readblocks_obj)},
    {MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&flash_writeblocks_obj)},
    {MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&flash_ioctl_obj)},
};
static MP_DEFINE_CONST_DICT(flash_locals, flash_locals_table);
MP_DEFINE_CONST_OBJ_TYPE(mps2_flash_type, MP_QSTR_Flash, MP_TYPE_FLAG_NONE, make_new, flash_make_new, locals_dict,
    &flash_locals);

// The memory that bytecode is executed from, as a memoryview to write the image of a VfsRom into.
static mp_obj_t mps2_place(void) {
    return mp_obj_new_memoryview('B' | MP_OBJ_ARRAY_TYPECODE_FLAG_RW, MPS2_PLACE_BYTES, (void *)MPS2_PLACE_ADDRESS);
}
static MP_DEFINE_CONST_FUN_OBJ_0(mps2_place_obj, mps2_place);

// ---- random bytes: SHA-256 over the seed of this power-up, a counter and the time ----
void mps2_random_bytes(uint8_t *out, size_t length) {
    static uint32_t counter;
    while (length > 0) {
        uint64_t now_us = mps2_time_us();
        uint8_t digest[32];
        CRYAL_SHA256_CTX context;
        counter++;
        sha256_init(&context);
        sha256_update(&context, (const BYTE *)(uintptr_t)MPS2_SEED_ADDRESS, 32);
        sha256_update(&context, (const BYTE *)&counter, sizeof(counter));
        sha256_update(&context, (const BYTE *)&now_us, sizeof(now_us));
        sha256_final(&context, digest);
        size_t part = length < sizeof(digest) ? length : sizeof(digest);
        memcpy(out, digest, part);
        out += part;
        length -= part;
    }
}

uint32_t mps2_random(void) {
    uint32_t word;
    mps2_random_bytes((uint8_t *)&word, sizeof(word));
    return word;
}

// ---- what the board counted ----
static mp_obj_t mps2_counters(void) {
    mp_obj_t counts[] = {
        mp_obj_new_int_from_uint(lan9118_counters.rx_frames), mp_obj_new_int_from_uint(lan9118_counters.rx_dropped),
        mp_obj_new_int_from_uint(lan9118_counters.tx_frames), mp_obj_new_int_from_uint(lan9118_counters.tx_refused),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(counts), counts);
}
static MP_DEFINE_CONST_FUN_OBJ_0(mps2_counters_obj, mps2_counters);

static const char *const pool_names[MEMP_MAX] = {
#define LWIP_MEMPOOL(name, num, size, desc) #name,
#include "lwip/priv/memp_std.h"
};

// (name, in use, high-water mark, size, refused) of each of lwIP's pools, and of its heap
static mp_obj_t mps2_pools(void) {
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (int i = 0; i <= MEMP_MAX; i++) {
        const struct stats_mem *pool = i < MEMP_MAX ? lwip_stats.memp[i] : &lwip_stats.mem;
        const char *name = i < MEMP_MAX ? pool_names[i] : "heap";
        mp_obj_t row[] = {
            mp_obj_new_str(name, strlen(name)),
            mp_obj_new_int(pool->used), mp_obj_new_int(pool->max), mp_obj_new_int(pool->avail), mp_obj_new_int(pool->err),
        };
        mp_obj_list_append(list, mp_obj_new_tuple(MP_ARRAY_SIZE(row), row));
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_0(mps2_pools_obj, mps2_pools);

extern uint8_t _stack_bottom, _stack_top;
void mps2_stack_paint(void) {
    uint8_t *here = __builtin_frame_address(0);
    memset(&_stack_bottom, 0xa5, (size_t)(here - &_stack_bottom) - 64);
}

// (most bytes of stack ever used, bytes there are)
static mp_obj_t mps2_stack(void) {
    const uint8_t *place = &_stack_bottom;
    while (place < &_stack_top && *place == 0xa5) {
        place++;
    }
    mp_obj_t row[] = {mp_obj_new_int(&_stack_top - place), mp_obj_new_int(&_stack_top - &_stack_bottom)};
    return mp_obj_new_tuple(2, row);
}
static MP_DEFINE_CONST_FUN_OBJ_0(mps2_stack_obj, mps2_stack);

// (bytes of native code that were loaded, bytes there are)
static mp_obj_t mps2_code(void) {
    size_t there;
    size_t used = mps2_code_used(&there);
    mp_obj_t row[] = {mp_obj_new_int_from_uint(used), mp_obj_new_int_from_uint(there)};
    return mp_obj_new_tuple(2, row);
}
static MP_DEFINE_CONST_FUN_OBJ_0(mps2_code_obj, mps2_code);

static const mp_rom_map_elem_t mps2_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_mps2)},
    {MP_ROM_QSTR(MP_QSTR_Flash), MP_ROM_PTR(&mps2_flash_type)},
    {MP_ROM_QSTR(MP_QSTR_place), MP_ROM_PTR(&mps2_place_obj)},
    {MP_ROM_QSTR(MP_QSTR_counters), MP_ROM_PTR(&mps2_counters_obj)},
    {MP_ROM_QSTR(MP_QSTR_pools), MP_ROM_PTR(&mps2_pools_obj)},
    {MP_ROM_QSTR(MP_QSTR_code), MP_ROM_PTR(&mps2_code_obj)},
    {MP_ROM_QSTR(MP_QSTR_stack), MP_ROM_PTR(&mps2_stack_obj)},
};
static MP_DEFINE_CONST_DICT(mps2_globals, mps2_globals_table);
const mp_obj_module_t mps2_module = {.base = {&mp_type_module}, .globals = (mp_obj_dict_t *)&mps2_globals};
MP_REGISTER_MODULE(MP_QSTR_mps2, mps2_module);
