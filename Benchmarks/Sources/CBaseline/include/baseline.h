#ifndef BASELINE_H
#define BASELINE_H

#include <stdint.h>

/// Takes and gives back an element of a stack under a mutex, `rounds` times: what the smallest pool would do.
/// Returns the nanoseconds that it took.
int64_t baseline_mutex_stack(int64_t rounds);

/// Reads a row by its key through one prepared statement, `rounds` times, and copies its text.
/// Returns the nanoseconds that it took, or -1.
int64_t baseline_point_read(const char *path, int64_t rounds, int64_t keys);

#endif
