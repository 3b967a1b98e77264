/** @file fits_main.c Ends with 10 where the processor has what this form was compiled for, else with 20. */
#include <stdlib.h>

#include "kernel_form.h"

int main(void) {
    exit(kernel_form_fits() ? 10 : 20);
}
