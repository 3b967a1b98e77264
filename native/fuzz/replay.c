/** @file replay.c Runs a fuzz target over files, for compilers without libFuzzer: replay FILE... */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

enum { LONGEST = 1 << 16 };

int main(int count, char **names) {
    for (int i = 1; i < count; i++) {
        static uint8_t octets[LONGEST];
        FILE *file = fopen(names[i], "rb");
        size_t size = file == NULL ? 0 : fread(octets, 1, sizeof octets, file);
        uint8_t *exact = malloc(size > 0 ? size : 1);
        if (file == NULL || exact == NULL) {
            return 2;
        }
        for (size_t at = 0; at < size; at++) {
            exact[at] = octets[at];
        }
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        fclose(file);
    }
    printf("%d inputs\n", count - 1);
    return 0;
}
