/**
 * @file exports.h
 * The names of parley_io, in the order of its qstr table; read as ../micropython/exports.h is.
 */
NAME(ValueError)
NAME(OSError)
EXPORT(io_size)
EXPORT(io_init)
EXPORT(io_receive)
EXPORT(io_tick)
EXPORT(io_run)
EXPORT(io_stat)
EXPORT(io_map)
EXPORT(io_line)
