#include "client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { warming_up, measuring, stopped };

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t is_not_empty;
    struct client **idle;
    int idle_count;
};

struct test {
    const struct postgres_run *run;
    struct pool pool;
    atomic_int phase;
    /// The first failure, under the pool's mutex.
    char message[256];
};

struct task {
    struct test *test;
    pthread_t thread;
    uint64_t random;
    struct measurement_latencies *latencies;
};

static struct client *acquire(struct pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    while (pool->idle_count == 0) pthread_cond_wait(&pool->is_not_empty, &pool->mutex);
    struct client *client = pool->idle[--pool->idle_count];
    pthread_mutex_unlock(&pool->mutex);
    return client;
}

static void release(struct pool *pool, struct client *client) {
    pthread_mutex_lock(&pool->mutex);
    pool->idle[pool->idle_count++] = client;
    pthread_mutex_unlock(&pool->mutex);
    pthread_cond_signal(&pool->is_not_empty);
}

static bool query(struct task *task, char *message, size_t message_size) {
    struct binding binding;
    binding_fill(&binding, task->test->run, &task->random);
    struct client *client = acquire(&task->test->pool);
    PGresult *result = PQexecPrepared(
        client->connection, "statement", binding.count, binding.values, binding.lengths, binding.formats, 1);
    bool is_decoded = client_decode(client, result, message, message_size);
    release(&task->test->pool, client);
    return is_decoded;
}

static void *run_task(void *argument) {
    struct task *task = argument;
    struct test *test = task->test;
    int64_t started = measurement_now();
    for (;;) {
        int phase = atomic_load_explicit(&test->phase, memory_order_relaxed);
        if (phase == stopped) return NULL;
        char message[256];
        if (!query(task, message, sizeof message)) {
            pthread_mutex_lock(&test->pool.mutex);
            if (test->message[0] == 0) memcpy(test->message, message, sizeof message);
            pthread_mutex_unlock(&test->pool.mutex);
            atomic_store(&test->phase, stopped);
            return NULL;
        }
        int64_t ended = measurement_now();
        if (phase == measuring) measurement_latencies_add(task->latencies, ended - started);
        started = ended;
    }
}

static void pass_time(int64_t nanoseconds) {
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    while (nanosleep(&time, &time) != 0) {}
}

/// Lets the tasks run, and measures in the second part of that time. False if threads cannot be had.
static bool measure(struct test *test, struct task *tasks, struct measurement_result *result) {
    int started = 0;
    while (started < test->run->tasks) {
        struct task *task = &tasks[started];
        *task = (struct task){test, .random = 88172645463325252u + (uint64_t)started * 2654435761u};
        task->latencies = measurement_latencies_make();
        if (task->latencies == NULL || pthread_create(&task->thread, NULL, run_task, task) != 0) break;
        started++;
    }
    bool is_complete = started == test->run->tasks;
    if (is_complete) {
        pass_time(test->run->warm_up);
        int64_t processor_time = measurement_processor_time(), start = measurement_now();
        int expected = warming_up;
        atomic_compare_exchange_strong(&test->phase, &expected, measuring);
        pass_time(test->run->duration);
        result->processor_time = measurement_processor_time() - processor_time;
        result->elapsed = measurement_now() - start;
    }
    atomic_store(&test->phase, stopped);
    for (int index = 0; index < started; index++) pthread_join(tasks[index].thread, NULL);
    for (int index = 1; index < started; index++) {
        measurement_latencies_merge(tasks[0].latencies, tasks[index].latencies);
    }
    if (started > 0) measurement_result_set_latencies(result, tasks[0].latencies);
    for (int index = 0; index < test->run->tasks; index++) measurement_latencies_free(tasks[index].latencies);
    return is_complete;
}

int postgres_threads(
    const struct postgres_run *run, struct measurement_result *result, char *message, size_t message_size) {
    struct test test = {run, {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0}, warming_up, ""};
    struct client *clients = calloc((size_t)run->connections, sizeof *clients);
    struct task *tasks = calloc((size_t)run->tasks, sizeof *tasks);
    test.pool.idle = calloc((size_t)run->connections, sizeof *test.pool.idle);
    *result = (struct measurement_result){0};
    int outcome = -1;
    if (clients == NULL || tasks == NULL || test.pool.idle == NULL) {
        snprintf(message, message_size, "there is no memory");
        goto done;
    }
    for (int index = 0; index < run->connections; index++) {
        if (!client_open(&clients[index], run, message, message_size)) goto done;
        test.pool.idle[test.pool.idle_count++] = &clients[index];
    }
    if (!measure(&test, tasks, result)) {
        snprintf(message, message_size, "a thread cannot be started");
    } else if (test.message[0] != 0) {
        snprintf(message, message_size, "%s", test.message);
    } else {
        outcome = 0;
    }
done:
    for (int index = 0; clients != NULL && index < run->connections; index++) client_close(&clients[index]);
    free(clients);
    free(tasks);
    free(test.pool.idle);
    return outcome;
}
