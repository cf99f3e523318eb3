// For RTLD_DEFAULT.
#define _GNU_SOURCE
#include "measurement.h"

#include <dlfcn.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

// 64 buckets for each power of two.
enum { bucket_bits = 6, buckets = (64 - bucket_bits) << bucket_bits };

struct measurement_latencies {
    int64_t count;
    uint32_t counts[buckets];
};

int64_t measurement_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t measurement_processor_time(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    int64_t seconds = (int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    int64_t microseconds = (int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    return seconds * 1000000000 + microseconds * 1000;
}

int64_t measurement_resident_memory(void) {
    long long pages = 0;
#ifdef __GLIBC__
    // What was freed before is not what is used.
    malloc_trim(0);
#endif
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%*s %lld", &pages) != 1) pages = 0;
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

typedef int64_t allocation_count(void);

/// The library is not linked: it is there only where it was preloaded.
static allocation_count *find_allocation_count(void) {
    allocation_count *count;
    *(void **)&count = dlsym(RTLD_DEFAULT, "allocation_counter_count");
    return count;
}

bool measurement_counts_allocations(void) { return find_allocation_count() != NULL; }

static int64_t allocations(void) {
    allocation_count *count = find_allocation_count();
    return count != NULL ? count() : 0;
}

void measurement_begin(struct measurement_result *result) {
    result->allocations -= allocations();
    result->processor_time -= measurement_processor_time();
    result->elapsed -= measurement_now();
}

void measurement_end(struct measurement_result *result) {
    result->elapsed += measurement_now();
    result->processor_time += measurement_processor_time();
    result->allocations += allocations();
}

// Marsaglia's xorshift.
uint64_t measurement_random(uint64_t *state) {
    uint64_t number = *state;
    number ^= number << 13;
    number ^= number >> 7;
    number ^= number << 17;
    return *state = number;
}

struct measurement_latencies *measurement_latencies_make(void) {
    return calloc(1, sizeof(struct measurement_latencies));
}

void measurement_latencies_free(struct measurement_latencies *latencies) { free(latencies); }

static int bucket_of(int64_t nanoseconds) {
    uint64_t value = nanoseconds > 0 ? (uint64_t)nanoseconds : 0;
    if (value < 1u << bucket_bits) return (int)value;
    int shift = 63 - __builtin_clzll(value) - bucket_bits;
    return ((shift + 1) << bucket_bits) + (int)((value >> shift) - (1u << bucket_bits));
}

// The middle of the bucket.
static int64_t value_of(int bucket) {
    int shift = (bucket >> bucket_bits) - 1;
    if (shift < 0) return bucket;
    int64_t first = (int64_t)((bucket & ((1 << bucket_bits) - 1)) + (1 << bucket_bits)) << shift;
    return first + (((int64_t)1 << shift) >> 1);
}

void measurement_latencies_add(struct measurement_latencies *latencies, int64_t nanoseconds, int operations) {
    latencies->counts[bucket_of(nanoseconds / operations)] += (uint32_t)operations;
    latencies->count += operations;
}

void measurement_latencies_merge(struct measurement_latencies *into, const struct measurement_latencies *other) {
    for (int bucket = 0; bucket < buckets; bucket++) into->counts[bucket] += other->counts[bucket];
    into->count += other->count;
}

int64_t measurement_latencies_count(const struct measurement_latencies *latencies) { return latencies->count; }

int64_t measurement_latencies_quantile(const struct measurement_latencies *latencies, double share) {
    int64_t wanted = (int64_t)((double)latencies->count * share), seen = 0;
    for (int bucket = 0; bucket < buckets; bucket++) {
        seen += latencies->counts[bucket];
        if (seen > wanted) return value_of(bucket);
    }
    for (int bucket = buckets - 1; bucket >= 0; bucket--) {
        if (latencies->counts[bucket] > 0) return value_of(bucket);
    }
    return 0;
}

void measurement_result_set_latencies(
    struct measurement_result *result, const struct measurement_latencies *latencies) {
    result->operations = latencies->count;
    result->p50 = measurement_latencies_quantile(latencies, 0.5);
    result->p99 = measurement_latencies_quantile(latencies, 0.99);
    result->p999 = measurement_latencies_quantile(latencies, 0.999);
}
