/**
 * @file count_classes.c
 * A plugin for QEMU (API version 1, QEMU 6 to 8) that counts executed instructions by what they belong to.
 *
 *     -plugin libcount.so,ranges=FILE,counters=FILE
 *
 * ranges: lines "first last class" with addresses in hexadecimal, sorted, the last one not included, class 1 to 13;
 * what is in no range has class 0. A range of class 14 is a function whose runs are timed: the longest, in
 * instructions from its first to its last block, and their number. counters: a file of 20 words of 64 bits, which is
 * mapped, so that it can be read at any time: 14 classes, then all, runs, longest run, last run, two of our own.
 * The declarations are our own, after QEMU's documentation of its plugin interface: Debian ships no header.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
typedef void (*tb_callback)(plugin_id id, struct qemu_plugin_tb *tb);
typedef void (*exec_callback)(unsigned int cpu, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, tb_callback callback);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int operation, void *counter, uint64_t add);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_callback callback, int flags, void *data);

enum { CLASSES = 14, TIMED = 14, RANGES_MAX = 8192, WORDS = 20 };
enum { ALL = 14, RUNS, LONGEST, LAST, BEGAN, SEEN };
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static struct range {
    uint64_t first, last;
    int class;
} ranges[RANGES_MAX];
static int range_count;
static uint64_t *counters;

/** At every block of the timed function: a run ends at the last block before the next run's first. */
static void at_timed(unsigned int cpu, void *data) {
    (void)cpu;
    if (data != NULL) {
        counters[BEGAN] = counters[ALL];
        counters[RUNS]++;
    }
    counters[SEEN] = counters[ALL];
    counters[LAST] = counters[SEEN] - counters[BEGAN];
    if (counters[LAST] > counters[LONGEST]) {
        counters[LONGEST] = counters[LAST];
    }
}

static const struct range *range_of(uint64_t address) {
    int low = 0, high = range_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (ranges[middle].last <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < range_count && ranges[low].first <= address ? &ranges[low] : NULL;
}

static void at_translation(plugin_id id, struct qemu_plugin_tb *tb) {
    (void)id;
    uint64_t address = qemu_plugin_tb_vaddr(tb), count = qemu_plugin_tb_n_insns(tb);
    const struct range *range = range_of(address);
    int class = range == NULL || range->class == TIMED ? 0 : range->class;
    if (range != NULL && range->class == TIMED) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, at_timed, 0, range->first == address ? counters : NULL);
    }
    qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &counters[class], count);
    qemu_plugin_register_vcpu_tb_exec_inline(tb, 0, &counters[ALL], count);
}

static int read_ranges(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return -1;
    }
    struct range *next = ranges;
    while (range_count < RANGES_MAX && fscanf(file, "%lx %lx %d", &next->first, &next->last, &next->class) == 3) {
        range_count++;
        next++;
    }
    fclose(file);
    return 0;
}

static int map_counters(const char *path) {
    int handle = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (handle < 0 || ftruncate(handle, WORDS * 8) != 0) {
        return -1;
    }
    void *memory = mmap(NULL, WORDS * 8, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    close(handle);
    counters = memory;
    return memory == MAP_FAILED ? -1 : 0;
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
    (void)info;
    int done = 0;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "ranges=", 7) == 0) {
            done += read_ranges(argv[i] + 7) == 0;
        } else if (strncmp(argv[i], "counters=", 9) == 0) {
            done += map_counters(argv[i] + 9) == 0;
        }
    }
    if (done != 2) {
        fprintf(stderr, "count_classes: cannot use ranges= and counters=\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, at_translation);
    return 0;
}
