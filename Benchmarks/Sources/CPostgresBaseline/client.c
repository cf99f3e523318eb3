#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Oid int8_type = 20;

bool client_open(struct client *client, const struct postgres_run *run, char *message, size_t message_size) {
    *client = (struct client){.connection = PQconnectdb(run->connection), .statement = run->statement};
    if (PQstatus(client->connection) != CONNECTION_OK) {
        snprintf(message, message_size, "%s", PQerrorMessage(client->connection));
        client_close(client);
        return false;
    }
    int parameters = run->statement == postgres_point_select ? 1 : 0;
    PGresult *result = PQprepare(client->connection, "statement", run->text, parameters, &int8_type);
    bool is_prepared = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (!is_prepared) {
        snprintf(message, message_size, "%s", PQerrorMessage(client->connection));
        client_close(client);
    }
    return is_prepared;
}

void client_close(struct client *client) {
    PQfinish(client->connection);
    free(client->records);
    free(client->text);
    *client = (struct client){0};
}

static uint32_t read_32(const char *bytes) {
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap32(value);
}

static uint64_t read_64(const char *bytes) {
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_bswap64(value);
}

void binding_fill(struct binding *binding, const struct postgres_run *run, uint64_t *random) {
    if (run->statement != postgres_point_select) {
        binding->count = 0;
        return;
    }
    uint64_t key = 1 + measurement_random(random) % (uint64_t)run->keys;
    binding->key = (int64_t)__builtin_bswap64(key);
    binding->values[0] = (const char *)&binding->key;
    binding->lengths[0] = sizeof binding->key;
    binding->formats[0] = 1;
    binding->count = 1;
}

static bool reserve_text(struct client *client, size_t wanted) {
    if (wanted <= client->text_capacity) return true;
    char *text = realloc(client->text, wanted);
    if (text == NULL) return false;
    client->text = text;
    client->text_capacity = wanted;
    return true;
}

/// The texts lie one after the other in one piece of memory, which is reused: the least that a copy can cost.
static bool decode_records(struct client *client, PGresult *result) {
    int rows = PQntuples(result);
    if (rows > client->record_capacity) {
        struct record *records = realloc(client->records, sizeof(struct record) * (size_t)rows);
        if (records == NULL) return false;
        client->records = records;
        client->record_capacity = rows;
    }
    size_t text_size = 0;
    for (int row = 0; row < rows; row++) text_size += (size_t)PQgetlength(result, row, 2) + 1;
    if (!reserve_text(client, text_size)) return false;
    char *text = client->text;
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < 4; column++) {
            if (PQgetisnull(result, row, column)) return false;
        }
        struct record *record = &client->records[row];
        record->id = (int32_t)read_32(PQgetvalue(result, row, 0));
        record->total = (int64_t)read_64(PQgetvalue(result, row, 1));
        record->name_length = PQgetlength(result, row, 2);
        record->name = memcpy(text, PQgetvalue(result, row, 2), (size_t)record->name_length + 1);
        text += record->name_length + 1;
        uint64_t bits = read_64(PQgetvalue(result, row, 3));
        memcpy(&record->ratio, &bits, sizeof bits);
    }
    client->checksum += client->records[rows - 1].total;
    return true;
}

static bool decode_point(struct client *client, PGresult *result) {
    size_t length = (size_t)PQgetlength(result, 0, 1);
    if (PQgetisnull(result, 0, 0) || PQgetisnull(result, 0, 1) || !reserve_text(client, length + 1)) return false;
    client->checksum += (int64_t)read_64(PQgetvalue(result, 0, 0));
    memcpy(client->text, PQgetvalue(result, 0, 1), length + 1);
    return true;
}

bool client_decode(struct client *client, PGresult *result, char *message, size_t message_size) {
    static const struct { int rows, columns; } shapes[] = {
        [postgres_select_one] = {1, 1}, [postgres_point_select] = {1, 2}, [postgres_thousand_rows] = {1000, 4}};
    bool is_decoded = false;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        snprintf(message, message_size, "%s", PQerrorMessage(client->connection));
    } else if (PQntuples(result) != shapes[client->statement].rows ||
               PQnfields(result) != shapes[client->statement].columns) {
        snprintf(message, message_size, "%d rows of %d columns came", PQntuples(result), PQnfields(result));
    } else {
        switch (client->statement) {
        case postgres_select_one:
            client->checksum += (int32_t)read_32(PQgetvalue(result, 0, 0));
            is_decoded = true;
            break;
        case postgres_point_select: is_decoded = decode_point(client, result); break;
        case postgres_thousand_rows: is_decoded = decode_records(client, result); break;
        }
        if (!is_decoded) snprintf(message, message_size, "a value is null, or there is no memory");
    }
    PQclear(result);
    return is_decoded;
}

int postgres_library_version(void) { return PQlibVersion(); }
