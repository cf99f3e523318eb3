#include "client.h"

#include <stdio.h>

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct task {
    uint64_t random;
    /// When it began to want a connection.
    int64_t started;
};

struct slot {
    struct client client;
    /// Null while the connection is idle.
    struct task *task;
};

struct loop {
    const struct postgres_run *run;
    int descriptor;
    struct slot *slots;
    struct slot **idle;
    int idle_count;
    struct task *tasks;
    /// A ring of the tasks that wait for a connection.
    struct task **queue;
    int queue_first, queue_count;
    struct measurement_latencies *latencies;
    bool is_measuring;
    char *message;
    size_t message_size;
};

static bool fail(struct loop *loop, const char *reason) {
    snprintf(loop->message, loop->message_size, "%s", reason);
    return false;
}

static void enqueue(struct loop *loop, struct task *task) {
    loop->queue[(loop->queue_first + loop->queue_count++) % loop->run->load.tasks] = task;
}

static struct task *dequeue(struct loop *loop) {
    struct task *task = loop->queue[loop->queue_first];
    loop->queue_first = (loop->queue_first + 1) % loop->run->load.tasks;
    loop->queue_count--;
    return task;
}

static bool send_statement(struct loop *loop, struct slot *slot, struct task *task) {
    PGconn *connection = slot->client.connection;
    struct binding binding;
    binding_fill(&binding, loop->run, &task->random);
    slot->task = task;
    if (PQsendQueryPrepared(
            connection, "statement", binding.count, binding.values, binding.lengths, binding.formats, 1) != 1) {
        return fail(loop, PQerrorMessage(connection));
    }
    // So small a message finds room in the socket: what waits here is a server that has stopped reading.
    for (int pending; (pending = PQflush(connection)) != 0;) {
        struct pollfd poll_descriptor = {PQsocket(connection), POLLOUT, 0};
        if (pending < 0) return fail(loop, PQerrorMessage(connection));
        poll(&poll_descriptor, 1, -1);
    }
    return true;
}

static bool dispatch(struct loop *loop) {
    while (loop->queue_count > 0 && loop->idle_count > 0) {
        if (!send_statement(loop, loop->idle[--loop->idle_count], dequeue(loop))) return false;
    }
    return true;
}

/// The task has its rows: it gives the connection back, and wants one again.
static void finish(struct loop *loop, struct slot *slot) {
    int64_t now = measurement_now();
    struct task *task = slot->task;
    if (loop->is_measuring) measurement_latencies_add(loop->latencies, now - task->started, 1);
    task->started = now;
    slot->task = NULL;
    loop->idle[loop->idle_count++] = slot;
    enqueue(loop, task);
}

static bool receive(struct loop *loop, struct slot *slot) {
    PGconn *connection = slot->client.connection;
    if (PQconsumeInput(connection) != 1) return fail(loop, PQerrorMessage(connection));
    while (slot->task != NULL && !PQisBusy(connection)) {
        PGresult *result = PQgetResult(connection);
        if (result == NULL) {
            finish(loop, slot);
        } else if (!client_decode(&slot->client, result, loop->message, loop->message_size)) {
            return false;
        }
    }
    return true;
}

static bool run_until(struct loop *loop, int64_t end) {
    struct epoll_event events[64];
    while (measurement_now() < end) {
        int count = epoll_wait(loop->descriptor, events, 64, 1000);
        if (count < 0 && errno != EINTR) return fail(loop, strerror(errno));
        for (int index = 0; index < count; index++) {
            if (!receive(loop, events[index].data.ptr)) return false;
            // At once, so that the server gets its next work while this thread looks at the other answers.
            if (!dispatch(loop)) return false;
        }
    }
    return true;
}

static bool measure(struct loop *loop, struct measurement_result *result) {
    for (int index = 0; index < loop->run->load.tasks; index++) {
        loop->tasks[index] = (struct task){88172645463325252u + (uint64_t)index * 2654435761u, measurement_now()};
        enqueue(loop, &loop->tasks[index]);
    }
    if (!dispatch(loop) || !run_until(loop, measurement_now() + loop->run->load.warm_up)) return false;
    loop->is_measuring = true;
    measurement_begin(result);
    if (!run_until(loop, measurement_now() + loop->run->load.duration)) return false;
    measurement_end(result);
    measurement_result_set_latencies(result, loop->latencies);
    return true;
}

static bool open_slots(struct loop *loop) {
    for (int index = 0; index < loop->run->connections; index++) {
        struct slot *slot = &loop->slots[index];
        if (!client_open(&slot->client, loop->run, loop->message, loop->message_size)) return false;
        struct epoll_event event = {EPOLLIN, {.ptr = slot}};
        if (PQsetnonblocking(slot->client.connection, 1) != 0 ||
            epoll_ctl(loop->descriptor, EPOLL_CTL_ADD, PQsocket(slot->client.connection), &event) != 0) {
            return fail(loop, "a connection cannot be watched");
        }
        loop->idle[loop->idle_count++] = slot;
    }
    return true;
}

int postgres_epoll(
    const struct postgres_run *run, struct measurement_result *result, char *message, size_t message_size) {
    size_t connections = (size_t)run->connections, tasks = (size_t)run->load.tasks;
    struct loop loop = {
        .run = run, .descriptor = epoll_create1(EPOLL_CLOEXEC), .slots = calloc(connections, sizeof *loop.slots),
        .idle = calloc(connections, sizeof *loop.idle), .tasks = calloc(tasks, sizeof *loop.tasks),
        .queue = calloc(tasks, sizeof *loop.queue), .latencies = measurement_latencies_make(), .message = message,
        .message_size = message_size};
    *result = (struct measurement_result){0};
    bool is_complete = false;
    if (loop.descriptor < 0 || !loop.slots || !loop.idle || !loop.tasks || !loop.queue || !loop.latencies) {
        fail(&loop, "there is no memory");
    } else {
        is_complete = open_slots(&loop) && measure(&loop, result);
    }
    for (size_t index = 0; loop.slots != NULL && index < connections; index++) {
        if (loop.slots[index].client.connection != NULL) client_close(&loop.slots[index].client);
    }
    if (loop.descriptor >= 0) close(loop.descriptor);
    free(loop.slots);
    free(loop.idle);
    free(loop.tasks);
    free(loop.queue);
    measurement_latencies_free(loop.latencies);
    return is_complete ? 0 : -1;
}

#else

int postgres_epoll(
    const struct postgres_run *run, struct measurement_result *result, char *message, size_t message_size) {
    (void)run, (void)result;
    snprintf(message, message_size, "epoll exists on Linux only");
    return -1;
}

#endif
