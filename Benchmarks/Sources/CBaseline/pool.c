#include "pool_baseline.h"
#include "stack.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct mutex_pool {
    const struct pool_run *run;
    struct stack idle;
};

static bool mutex_cycles(void *context, uint64_t *random, char *message, size_t message_size) {
    (void)random, (void)message, (void)message_size;
    struct mutex_pool *pool = context;
    for (int cycle = 0; cycle < pool->run->load.operations_per_call; cycle++) {
        void *connection = stack_acquire(&pool->idle);
        if (pool->run->yields) sched_yield();
        __asm__ volatile("" : : "r"(connection) : "memory");
        stack_release(&pool->idle, connection);
    }
    return true;
}

int pool_mutex(const struct pool_run *run, struct measurement_result *result, char *message, size_t message_size) {
    struct mutex_pool pool = {.run = run};
    int outcome = -1;
    if (stack_make(&pool.idle, run->connections)) {
        for (int index = 0; index < run->connections; index++) stack_release(&pool.idle, &pool.idle.items[index]);
        outcome = measurement_run_threads(&run->load, mutex_cycles, &pool, result, message, message_size);
    } else {
        snprintf(message, message_size, "there is no memory");
    }
    stack_free(&pool.idle);
    return outcome;
}

struct atomic_pool {
    const struct pool_run *run;
    /// The index of the first idle connection and 1, or 0; and in the upper half how often it has changed, so that an
    /// exchange never takes an old state for the present one.
    _Atomic uint64_t first;
    /// For each connection the one below it, in the same form.
    _Atomic uint32_t *next;
};

static __attribute__((noinline)) uint32_t take(struct atomic_pool *pool) {
    uint64_t first = atomic_load_explicit(&pool->first, memory_order_acquire);
    for (;;) {
        uint32_t index = (uint32_t)first;
        if (index == 0) {
            sched_yield();
            first = atomic_load_explicit(&pool->first, memory_order_acquire);
            continue;
        }
        uint64_t next = atomic_load_explicit(&pool->next[index - 1], memory_order_relaxed);
        uint64_t wanted = (((first >> 32) + 1) << 32) | next;
        if (atomic_compare_exchange_weak_explicit(
                &pool->first, &first, wanted, memory_order_acquire, memory_order_acquire)) {
            return index;
        }
    }
}

static __attribute__((noinline)) void give(struct atomic_pool *pool, uint32_t index) {
    uint64_t first = atomic_load_explicit(&pool->first, memory_order_relaxed), wanted;
    do {
        atomic_store_explicit(&pool->next[index - 1], (uint32_t)first, memory_order_relaxed);
        wanted = (((first >> 32) + 1) << 32) | index;
    } while (!atomic_compare_exchange_weak_explicit(
        &pool->first, &first, wanted, memory_order_release, memory_order_relaxed));
}

static bool atomic_cycles(void *context, uint64_t *random, char *message, size_t message_size) {
    (void)random, (void)message, (void)message_size;
    struct atomic_pool *pool = context;
    for (int cycle = 0; cycle < pool->run->load.operations_per_call; cycle++) {
        uint32_t connection = take(pool);
        if (pool->run->yields) sched_yield();
        give(pool, connection);
    }
    return true;
}

int pool_atomic(const struct pool_run *run, struct measurement_result *result, char *message, size_t message_size) {
    struct atomic_pool pool = {run, 0, calloc((size_t)run->connections, sizeof *pool.next)};
    if (pool.next == NULL) {
        snprintf(message, message_size, "there is no memory");
        return -1;
    }
    for (int index = run->connections; index > 0; index--) give(&pool, (uint32_t)index);
    int outcome = measurement_run_threads(&run->load, atomic_cycles, &pool, result, message, message_size);
    free(pool.next);
    return outcome;
}
