#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

/// How often this process has allocated memory since it was loaded: each call of malloc, calloc, realloc and their like that
/// returned some. Loaded before a program (LD_PRELOAD), the library takes the place of these functions.
int64_t allocation_counter_count(void);

#endif
