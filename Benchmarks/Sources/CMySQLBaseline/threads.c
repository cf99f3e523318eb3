#include "client.h"

#include <clients.h>
#include <stdio.h>

static bool query(void *client, const void *argument, uint64_t *random, char *message, size_t message_size) {
    const struct mysql_run *run = argument;
    bool is_done = true;
    for (int index = 0; index < run->load.operations_per_call && is_done; index++) {
        is_done = mysql_client_query(client, run, random, message, message_size);
    }
    return is_done;
}

static bool open_client(void *client, const void *run, char *message, size_t message_size) {
    return mysql_client_open(client, run, message, message_size);
}

static void close_client(void *client) { mysql_client_close(client); }

int mysql_clients(
    const struct mysql_run *run, enum clients_program program, struct measurement_result *result, char *message,
    size_t message_size) {
    struct clients clients = {
        run->connections, sizeof(struct client), run, &run->load, open_client, close_client, query};
    if (mysql_library_init(0, NULL, NULL) != 0) {
        snprintf(message, message_size, "libmariadb cannot be used");
        return -1;
    }
    return clients_run(&clients, program, result, message, message_size);
}
