/**
 * @file count_marked.c
 * A plugin for QEMU (API version 1) that counts instructions executed between calls of two marker functions, by
 * function.
 *
 *     -plugin libcount.so,begin=ADDRESS,end=ADDRESS,symbols=FILE,out=FILE
 *
 * symbols: lines "address size name", hexadecimal, sorted by address. out: for each pair of marker calls a
 * line "total", then a line " count name" for each function that took part; what lies in no function counts
 * as "elsewhere". The marker functions themselves are not counted; the call of the end marker is, so an empty
 * pair tells what to subtract.
 *
 * The declarations are our own, after QEMU's documentation of its plugin interface: Debian ships no header.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*tb_callback)(plugin_id id, struct qemu_plugin_tb *tb);
typedef void (*exec_callback)(unsigned int cpu, void *data);
typedef void (*exit_callback)(plugin_id id, void *data);
enum { NO_REGISTERS = 0, INLINE_ADD = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, tb_callback callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_callback callback, int flags,
                                            void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation, void *counter,
                                                uint64_t add);
void qemu_plugin_register_atexit_cb(plugin_id id, exit_callback callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { FUNCTIONS_MAX = 4096, NAME_OCTETS = 64 };

typedef struct function {
    uint64_t address;
    uint64_t size;
    uint64_t executed;
    uint64_t at_begin;
    char name[NAME_OCTETS];
} function;

static function functions[FUNCTIONS_MAX + 1]; /* the last in use stands for what lies in none */
static int function_count;
static uint64_t begin_address;
static uint64_t end_address;
static FILE *out;

static function *function_at(uint64_t address) {
    int low = 0;
    int high = function_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (functions[middle].address + functions[middle].size <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return &functions[low < function_count && functions[low].address <= address ? low : function_count];
}

static void at_begin(unsigned int cpu, void *data) {
    (void)cpu, (void)data;
    for (int i = 0; i <= function_count; i++) {
        functions[i].at_begin = functions[i].executed;
    }
}

static void at_end(unsigned int cpu, void *data) {
    uint64_t total = 0;
    (void)cpu, (void)data;
    for (int i = 0; i <= function_count; i++) {
        total += functions[i].executed - functions[i].at_begin;
    }
    fprintf(out, "%llu\n", (unsigned long long)total);
    for (int i = 0; i <= function_count; i++) {
        unsigned long long count = functions[i].executed - functions[i].at_begin;
        if (count != 0) {
            fprintf(out, " %llu %s\n", count, functions[i].name);
        }
    }
}

static void at_translation(plugin_id id, struct qemu_plugin_tb *tb) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        function *in = function_at(address);
        if (address == begin_address || address == end_address) {
            exec_callback mark = address == begin_address ? at_begin : at_end;
            qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, NO_REGISTERS, NULL);
        } else if (in->address != begin_address && in->address != end_address) {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD, &in->executed, 1);
        }
    }
}

static void at_exit(plugin_id id, void *data) {
    (void)id, (void)data;
    fclose(out);
}

static int read_symbols(const char *path) {
    FILE *file = fopen(path, "r");
    while (file != NULL && function_count < FUNCTIONS_MAX) {
        unsigned long long address, size;
        function *next = &functions[function_count];
        if (fscanf(file, "%llx %llx %63s", &address, &size, next->name) != 3) {
            break;
        }
        next->address = address & ~1ULL; /* bit 0 says Thumb */
        next->size = size;
        function_count++;
    }
    functions[function_count] = (function){.name = "elsewhere"};
    return file != NULL && fclose(file) == 0;
}

static uint64_t address_in(const char *text) {
    return strtoull(text, NULL, 16) & ~1ULL;
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int count,
                                                               char **arguments) {
    int known = 0;
    (void)info;
    for (int i = 0; i < count; i++) {
        if (strncmp(arguments[i], "begin=", 6) == 0) {
            begin_address = address_in(arguments[i] + 6);
        } else if (strncmp(arguments[i], "end=", 4) == 0) {
            end_address = address_in(arguments[i] + 4);
        } else if (strncmp(arguments[i], "symbols=", 8) == 0) {
            known = read_symbols(arguments[i] + 8);
        } else if (strncmp(arguments[i], "out=", 4) == 0) {
            out = fopen(arguments[i] + 4, "w");
        }
    }
    if (!known || out == NULL || begin_address == 0 || end_address == 0) {
        fprintf(stderr, "count_marked: begin, end, symbols and out must be given\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, at_translation);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
