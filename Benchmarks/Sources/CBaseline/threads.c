#include "measurement.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { warming_up, measuring, stopped };

struct test {
    const struct measurement_load *load;
    measurement_operation *operation;
    void *context;
    atomic_int phase;
    pthread_mutex_t mutex;
    /// The first failure, under the mutex.
    char message[256];
};

struct task {
    struct test *test;
    pthread_t thread;
    uint64_t random;
    struct measurement_latencies *latencies;
};

static void stop(struct test *test, const char *message) {
    pthread_mutex_lock(&test->mutex);
    if (test->message[0] == 0) snprintf(test->message, sizeof test->message, "%s", message);
    pthread_mutex_unlock(&test->mutex);
    atomic_store(&test->phase, stopped);
}

static void *run_task(void *argument) {
    struct task *task = argument;
    struct test *test = task->test;
    int64_t started = measurement_now();
    for (;;) {
        int phase = atomic_load_explicit(&test->phase, memory_order_relaxed);
        if (phase == stopped) return NULL;
        char message[256];
        if (!test->operation(test->context, &task->random, message, sizeof message)) {
            stop(test, message);
            return NULL;
        }
        int64_t ended = measurement_now();
        if (phase == measuring) {
            measurement_latencies_add(task->latencies, ended - started, test->load->operations_per_call);
        }
        started = ended;
    }
}

static void pass_time(int64_t nanoseconds) {
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    while (nanosleep(&time, &time) != 0) {}
}

/// The number of threads that could be started.
static int start(struct test *test, struct task *tasks) {
    for (int index = 0; index < test->load->tasks; index++) {
        struct task *task = &tasks[index];
        *task = (struct task){test, .random = 88172645463325252u + (uint64_t)index * 2654435761u};
        task->latencies = measurement_latencies_make();
        if (task->latencies == NULL || pthread_create(&task->thread, NULL, run_task, task) != 0) return index;
    }
    return test->load->tasks;
}

int measurement_run_threads(
    const struct measurement_load *load, measurement_operation *operation, void *context,
    struct measurement_result *result, char *message, size_t message_size) {
    struct test test = {load, operation, context, warming_up, PTHREAD_MUTEX_INITIALIZER, ""};
    struct task *tasks = calloc((size_t)load->tasks, sizeof *tasks);
    *result = (struct measurement_result){0};
    if (tasks == NULL) {
        snprintf(message, message_size, "there is no memory");
        return -1;
    }
    int started = start(&test, tasks);
    if (started == load->tasks) {
        pass_time(load->warm_up);
        measurement_begin(result);
        int expected = warming_up;
        atomic_compare_exchange_strong(&test.phase, &expected, measuring);
        pass_time(load->duration);
        measurement_end(result);
        atomic_store(&test.phase, stopped);
    } else {
        stop(&test, "a thread cannot be started");
    }
    for (int index = 0; index < started; index++) pthread_join(tasks[index].thread, NULL);
    for (int index = 1; index < started; index++) {
        measurement_latencies_merge(tasks[0].latencies, tasks[index].latencies);
    }
    if (started > 0) measurement_result_set_latencies(result, tasks[0].latencies);
    for (int index = 0; index < load->tasks; index++) measurement_latencies_free(tasks[index].latencies);
    free(tasks);
    if (test.message[0] != 0) snprintf(message, message_size, "%s", test.message);
    return test.message[0] == 0 ? 0 : -1;
}
