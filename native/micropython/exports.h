/**
 * @file exports.h
 * The names of the module, in the order of its qstr table: build.py reads this very file for the .mpy,
 * module.c for the indices. NAME is an interned name only, EXPORT also a function of the module.
 */
NAME(ValueError)
EXPORT(g711_decode)
EXPORT(g711_encode)
EXPORT(mix_clear)
EXPORT(mix_add)
EXPORT(mix_minus)
EXPORT(level_dbov)
EXPORT(rtp_read)
EXPORT(rtp_write)
EXPORT(leg_size)
EXPORT(leg_init)
EXPORT(leg_receive)
EXPORT(leg_playout)
EXPORT(leg_packetise)
EXPORT(leg_stat)
