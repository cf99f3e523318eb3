#include "client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct pool {
    const struct postgres_run *run;
    pthread_mutex_t mutex;
    pthread_cond_t is_not_empty;
    struct client **idle;
    int idle_count;
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

static bool query_one(
    struct client *client, const struct postgres_run *run, uint64_t *random, char *message, size_t message_size) {
    struct binding binding;
    binding_fill(&binding, run, random);
    PGresult *result = PQexecPrepared(
        client->connection, "statement", binding.count, binding.values, binding.lengths, binding.formats, 1);
    return client_decode(client, result, message, message_size);
}

static bool query(void *context, uint64_t *random, char *message, size_t message_size) {
    struct pool *pool = context;
    struct client *client = acquire(pool);
    bool is_done = true;
    for (int index = 0; index < pool->run->load.operations_per_call && is_done; index++) {
        is_done = query_one(client, pool->run, random, message, message_size);
    }
    release(pool, client);
    return is_done;
}

static bool send_all(struct client *client, const struct postgres_run *run, uint64_t *random) {
    for (int index = 0; index < run->load.operations_per_call; index++) {
        struct binding binding;
        binding_fill(&binding, run, random);
        int is_sent = PQsendQueryPrepared(
            client->connection, "statement", binding.count, binding.values, binding.lengths, binding.formats, 1);
        if (is_sent != 1) return false;
    }
    return PQpipelineSync(client->connection) == 1;
}

/// After the result of each statement libpq gives a null, and at the end one for the sync.
static bool receive_all(struct client *client, const struct postgres_run *run, char *message, size_t message_size) {
    for (int index = 0; index < run->load.operations_per_call; index++) {
        if (!client_decode(client, PQgetResult(client->connection), message, message_size)) return false;
        PQclear(PQgetResult(client->connection));
    }
    PGresult *sync = PQgetResult(client->connection);
    bool is_synchronized = PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    if (!is_synchronized) snprintf(message, message_size, "the pipeline has no end");
    PQclear(sync);
    return is_synchronized;
}

static bool pipeline(void *context, uint64_t *random, char *message, size_t message_size) {
    struct pool *pool = context;
    struct client *client = acquire(pool);
    bool is_done = PQenterPipelineMode(client->connection) == 1 && send_all(client, pool->run, random);
    if (!is_done) {
        snprintf(message, message_size, "%s", PQerrorMessage(client->connection));
    } else {
        is_done = receive_all(client, pool->run, message, message_size);
    }
    release(pool, client);
    return is_done;
}

static int run_pool(
    const struct postgres_run *run, measurement_operation *operation, struct measurement_result *result, char *message,
    size_t message_size) {
    struct pool pool = {run, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0};
    struct client *clients = calloc((size_t)run->connections, sizeof *clients);
    pool.idle = calloc((size_t)run->connections, sizeof *pool.idle);
    int outcome = -1;
    if (clients == NULL || pool.idle == NULL) {
        snprintf(message, message_size, "there is no memory");
        goto done;
    }
    for (int index = 0; index < run->connections; index++) {
        if (!client_open(&clients[index], run, message, message_size)) goto done;
        pool.idle[pool.idle_count++] = &clients[index];
    }
    outcome = measurement_run_threads(&run->load, operation, &pool, result, message, message_size);
done:
    for (int index = 0; clients != NULL && index < run->connections; index++) client_close(&clients[index]);
    free(clients);
    free(pool.idle);
    return outcome;
}

int postgres_threads(
    const struct postgres_run *run, struct measurement_result *result, char *message, size_t message_size) {
    return run_pool(run, query, result, message, message_size);
}

int postgres_pipelines(
    const struct postgres_run *run, struct measurement_result *result, char *message, size_t message_size) {
    return run_pool(run, pipeline, result, message, message_size);
}
