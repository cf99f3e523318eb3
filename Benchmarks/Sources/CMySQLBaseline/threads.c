#include "client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct pool {
    const struct mysql_run *run;
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

static bool query(void *context, uint64_t *random, char *message, size_t message_size) {
    struct pool *pool = context;
    struct client *client = acquire(pool);
    bool is_done = true;
    for (int index = 0; index < pool->run->load.operations_per_call && is_done; index++) {
        is_done = mysql_client_query(client, pool->run, random, message, message_size);
    }
    release(pool, client);
    return is_done;
}

int mysql_threads(
    const struct mysql_run *run, struct measurement_result *result, char *message, size_t message_size) {
    struct pool pool = {run, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0};
    struct client *clients = calloc((size_t)run->connections, sizeof *clients);
    pool.idle = calloc((size_t)run->connections, sizeof *pool.idle);
    int outcome = -1;
    if (clients == NULL || pool.idle == NULL || mysql_library_init(0, NULL, NULL) != 0) {
        snprintf(message, message_size, "there is no memory");
        goto done;
    }
    for (int index = 0; index < run->connections; index++) {
        if (!mysql_client_open(&clients[index], run, message, message_size)) goto done;
        pool.idle[pool.idle_count++] = &clients[index];
    }
    outcome = measurement_run_threads(&run->load, query, &pool, result, message, message_size);
done:
    for (int index = 0; clients != NULL && index < run->connections; index++) mysql_client_close(&clients[index]);
    free(clients);
    free(pool.idle);
    return outcome;
}
