/** @file padded.c The same module with more than 8191 words of code before its data. */
#define PADDING
#include "features.c"
