#include "clients.h"
#include "stack.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pool {
    const struct clients *clients;
    struct stack idle;
    /// All of them, one after the other.
    char *memory;
    /// Of a storm: how many threads have come, and whether one of them has failed.
    atomic_int arrived;
    atomic_bool has_failed;
};

static void *client_at(const struct pool *pool, int index) {
    return pool->memory + (size_t)index * pool->clients->size;
}

static void close_all(struct pool *pool) {
    for (int index = 0; index < pool->clients->count; index++) pool->clients->close(client_at(pool, index));
    memset(pool->memory, 0, (size_t)pool->clients->count * pool->clients->size);
}

static bool open_all(struct pool *pool, char *message, size_t message_size) {
    for (int index = 0; index < pool->clients->count; index++) {
        void *client = client_at(pool, index);
        if (!pool->clients->open(client, pool->clients->run, message, message_size)) return false;
        stack_release(&pool->idle, client);
    }
    return true;
}

static bool call(void *context, uint64_t *random, char *message, size_t message_size) {
    struct pool *pool = context;
    void *client = stack_acquire(&pool->idle);
    bool is_done = pool->clients->call(client, pool->clients->run, random, message, message_size);
    stack_release(&pool->idle, client);
    return is_done;
}

/// Those who wait for a connection that nobody could open would wait for ever: a failed one is passed on.
static void *arrive(void *argument) {
    struct pool *pool = argument;
    const struct clients *clients = pool->clients;
    char message[256];
    int number = atomic_fetch_add(&pool->arrived, 1);
    uint64_t random = 88172645463325252u + (uint64_t)number;
    void *client = number < clients->count ? client_at(pool, number) : stack_acquire(&pool->idle);
    if (number < clients->count && !clients->open(client, clients->run, message, sizeof message)) {
        atomic_store(&pool->has_failed, true);
    }
    if (!atomic_load(&pool->has_failed) && !clients->call(client, clients->run, &random, message, sizeof message)) {
        atomic_store(&pool->has_failed, true);
    }
    stack_release(&pool->idle, client);
    return NULL;
}

/// False if not all were served.
static bool run_storm(struct pool *pool, struct measurement_result *result, int64_t *elapsed) {
    int tasks = pool->clients->load->tasks, started = 0;
    pthread_t threads[tasks];
    pool->arrived = 0;
    pool->idle.count = 0;
    measurement_begin(result);
    int64_t start = measurement_now();
    while (started < tasks && pthread_create(&threads[started], NULL, arrive, pool) == 0) started++;
    for (int index = 0; index < started; index++) pthread_join(threads[index], NULL);
    *elapsed = measurement_now() - start;
    measurement_end(result);
    close_all(pool);
    return started == tasks && !pool->has_failed;
}

static int run_storms(struct pool *pool, struct measurement_result *result, char *message, size_t message_size) {
    struct measurement_latencies *latencies = measurement_latencies_make();
    struct measurement_result first = {0};
    int64_t elapsed;
    bool is_done = latencies != NULL && run_storm(pool, &first, &elapsed);
    while (is_done && result->elapsed < pool->clients->load->duration) {
        is_done = run_storm(pool, result, &elapsed);
        measurement_latencies_add(latencies, elapsed, 1);
    }
    if (is_done) {
        measurement_result_set_latencies(result, latencies);
    } else {
        snprintf(message, message_size, "not all threads were served");
    }
    measurement_latencies_free(latencies);
    return is_done ? 0 : -1;
}

static int measure_memory(struct pool *pool, struct measurement_result *result, char *message, size_t message_size) {
    int64_t memory = measurement_resident_memory();
    uint64_t random = 88172645463325252u;
    measurement_begin(result);
    if (!open_all(pool, message, message_size)) return -1;
    for (int index = 0; index < pool->clients->count; index++) {
        void *client = client_at(pool, index);
        if (!pool->clients->call(client, pool->clients->run, &random, message, message_size)) return -1;
    }
    measurement_end(result);
    result->operations = pool->clients->count;
    result->memory = measurement_resident_memory() - memory;
    return 0;
}

int clients_run(
    const struct clients *clients, enum clients_program program, struct measurement_result *result, char *message,
    size_t message_size) {
    struct pool pool = {.clients = clients, .memory = calloc((size_t)clients->count, clients->size)};
    int outcome = -1;
    *result = (struct measurement_result){0};
    if (!stack_make(&pool.idle, clients->count) || pool.memory == NULL) {
        snprintf(message, message_size, "there is no memory");
    } else {
        switch (program) {
        case clients_load:
            if (open_all(&pool, message, message_size)) {
                outcome = measurement_run_threads(clients->load, call, &pool, result, message, message_size);
            }
            break;
        case clients_storm: outcome = run_storms(&pool, result, message, message_size); break;
        case clients_memory: outcome = measure_memory(&pool, result, message, message_size); break;
        }
        close_all(&pool);
    }
    stack_free(&pool.idle);
    free(pool.memory);
    return outcome;
}
