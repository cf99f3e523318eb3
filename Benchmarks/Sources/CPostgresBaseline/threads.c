#include "client.h"

#include <clients.h>
#include <stdio.h>

static bool query_one(
    struct client *client, const struct postgres_run *run, uint64_t *random, char *message, size_t message_size) {
    struct binding binding;
    binding_fill(&binding, run, random);
    PGresult *result = PQexecPrepared(
        client->connection, "statement", binding.count, binding.values, binding.lengths, binding.formats, 1);
    return client_decode(client, result, message, message_size);
}

static bool query(void *client, const void *argument, uint64_t *random, char *message, size_t message_size) {
    const struct postgres_run *run = argument;
    bool is_done = true;
    for (int index = 0; index < run->load.operations_per_call && is_done; index++) {
        is_done = query_one(client, run, random, message, message_size);
    }
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

static bool pipeline(void *argument, const void *run, uint64_t *random, char *message, size_t message_size) {
    struct client *client = argument;
    if (PQenterPipelineMode(client->connection) != 1 || !send_all(client, run, random)) {
        snprintf(message, message_size, "%s", PQerrorMessage(client->connection));
        return false;
    }
    return receive_all(client, run, message, message_size);
}

static bool open_client(void *client, const void *run, char *message, size_t message_size) {
    return client_open(client, run, message, message_size);
}

static void close_client(void *client) { client_close(client); }

int postgres_clients(
    const struct postgres_run *run, enum clients_program program, struct measurement_result *result, char *message,
    size_t message_size) {
    struct clients clients = {
        run->connections, sizeof(struct client), run, &run->load, open_client, close_client,
        run->is_pipelined ? pipeline : query};
    return clients_run(&clients, program, result, message, message_size);
}
