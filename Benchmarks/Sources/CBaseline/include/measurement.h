#ifndef MEASUREMENT_H
#define MEASUREMENT_H

// What every contender measures with, in C or in Swift: the same clock, the same histogram and the same random numbers.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Nanoseconds of a clock that never goes back.
int64_t measurement_now(void);

/// User plus system time of this process so far, in nanoseconds.
int64_t measurement_processor_time(void);

/// How much memory of this process is resident, in bytes; 0 where the system does not tell.
int64_t measurement_resident_memory(void);

/// True if the library that counts allocations was loaded before this program.
bool measurement_counts_allocations(void);

/// The next of a row of random numbers. `*state` must not be 0.
uint64_t measurement_random(uint64_t *state);

/// How long each of many operations took, to within 1.6 %. One thread at a time may use it.
struct measurement_latencies;

/// Null if there is no memory.
struct measurement_latencies *measurement_latencies_make(void);
void measurement_latencies_free(struct measurement_latencies *latencies);
/// Adds `operations` that took `nanoseconds` together.
void measurement_latencies_add(struct measurement_latencies *latencies, int64_t nanoseconds, int operations);
void measurement_latencies_merge(struct measurement_latencies *into, const struct measurement_latencies *other);
int64_t measurement_latencies_count(const struct measurement_latencies *latencies);

/// The time within which that share of the operations, from 0 to 1, was done; 0 if there was none.
int64_t measurement_latencies_quantile(const struct measurement_latencies *latencies, double share);

/// What one contender did in one round.
struct measurement_result {
    int64_t operations;
    int64_t elapsed;
    int64_t processor_time;
    /// Nanoseconds within which half, 99 % and 99.9 % of the operations were done.
    int64_t p50, p99, p999;
    /// How often memory was allocated; 0 where nobody counts.
    int64_t allocations;
    /// Bytes that all of what was measured takes; 0 where that is not what was measured.
    int64_t memory;
};

/// What lies between the two is added to the times and the allocations.
void measurement_begin(struct measurement_result *result);
void measurement_end(struct measurement_result *result);

/// Fills the operations and the times within which they were done.
void measurement_result_set_latencies(
    struct measurement_result *result, const struct measurement_latencies *latencies);

/// Threads that do the same again and again.
struct measurement_load {
    int tasks;
    /// How many operations are done between two looks at the clock, which costs too much for the smallest. The times
    /// are then those of so many, divided.
    int operations_per_call;
    /// Nanoseconds: before it is measured, and for how long it is.
    int64_t warm_up, duration;
};

/// Does the operations of one call. False, with a reason in `message`, stops all threads. `random` is the thread's own.
typedef bool measurement_operation(void *context, uint64_t *random, char *message, size_t message_size);

/// Runs `operation` on a thread for each task. Returns 0, or -1 with a reason in `message`.
int measurement_run_threads(
    const struct measurement_load *load, measurement_operation *operation, void *context,
    struct measurement_result *result, char *message, size_t message_size);

#endif
