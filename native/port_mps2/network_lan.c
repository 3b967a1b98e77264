// network.LAN: the Ethernet interface for Python, with the methods that other ports of MicroPython give it.
#include <string.h>

#include "lan9118.h"

#include "py/mphal.h"
#include "py/runtime.h"

#include "extmod/modnetwork.h"

typedef struct {
    mp_obj_base_t base;
} lan_object_t;

extern const mp_obj_type_t network_lan_type;
static const lan_object_t lan_object = {{&network_lan_type}};
// Locally administered; the last two bytes come from the seed so that boards on one wire differ.
static uint8_t lan_address[6] = {0x02, 0x50, 0x41, 0x52, 0, 0};

static struct netif *active_interface(void) {
    struct netif *netif = lan9118_interface();
    if (netif == NULL) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("the LAN is not active"));
    }
    return netif;
}

static mp_obj_t lan_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    (void)args;
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    lan_address[4] = MPS2_REG(MPS2_SEED_ADDRESS) & 0xff;
    lan_address[5] = MPS2_REG(MPS2_SEED_ADDRESS) >> 8 & 0xff;
    return MP_OBJ_FROM_PTR(&lan_object);
}

static mp_obj_t lan_active(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        return mp_obj_new_bool(lan9118_interface() != NULL);
    }
    if (!mp_obj_is_true(args[1])) {
        lan9118_stop();
    } else if (lan9118_interface() == NULL && !lan9118_start(lan_address)) {
        mp_raise_msg(&mp_type_OSError, MP_ERROR_TEXT("no LAN9118 here"));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_active_obj, 1, 2, lan_active);

static mp_obj_t lan_ifconfig(size_t n_args, const mp_obj_t *args) {
    return mod_network_nic_ifconfig(active_interface(), n_args - 1, args + 1);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(lan_ifconfig_obj, 1, 2, lan_ifconfig);

static mp_obj_t lan_ipconfig(size_t n_args, const mp_obj_t *args, mp_map_t *kwargs) {
    return mod_network_nic_ipconfig(active_interface(), n_args - 1, args + 1, kwargs);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(lan_ipconfig_obj, 1, lan_ipconfig);

static mp_obj_t lan_isconnected(mp_obj_t self) {
    (void)self;
    struct netif *netif = lan9118_interface();
    return mp_obj_new_bool(netif != NULL && netif_is_link_up(netif) && !ip_addr_isany(&netif->ip_addr));
}
static MP_DEFINE_CONST_FUN_OBJ_1(lan_isconnected_obj, lan_isconnected);

static const mp_rom_map_elem_t lan_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_active), MP_ROM_PTR(&lan_active_obj)},
    {MP_ROM_QSTR(MP_QSTR_ifconfig), MP_ROM_PTR(&lan_ifconfig_obj)},
    {MP_ROM_QSTR(MP_QSTR_ipconfig), MP_ROM_PTR(&lan_ipconfig_obj)},
    {MP_ROM_QSTR(MP_QSTR_isconnected), MP_ROM_PTR(&lan_isconnected_obj)},
};
static MP_DEFINE_CONST_DICT(lan_locals, lan_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(network_lan_type, MP_QSTR_LAN, MP_TYPE_FLAG_NONE, make_new, lan_make_new, locals_dict,
    &lan_locals);
