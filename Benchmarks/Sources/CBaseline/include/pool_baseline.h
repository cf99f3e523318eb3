#ifndef POOL_BASELINE_H
#define POOL_BASELINE_H

#include "measurement.h"

struct pool_run {
    int connections;
    /// Whether each task lets others run while it holds a connection.
    bool yields;
    struct measurement_load load;
};

/// Takes and gives back an element of a stack under a mutex, with a condition variable for those who find it empty: the
/// smallest pool that there can be. Returns 0, or -1 with a reason in `message`.
int pool_mutex(const struct pool_run *run, struct measurement_result *result, char *message, size_t message_size);

/// The same with a stack of atomic indexes and no lock. Who finds it empty tries again, so there is no order among
/// them. Returns 0, or -1 with a reason in `message`.
int pool_atomic(const struct pool_run *run, struct measurement_result *result, char *message, size_t message_size);

#endif
