#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bind_value(MYSQL_BIND *bind, enum enum_field_types type, void *buffer) {
    bind->buffer_type = type;
    bind->buffer = buffer;
}

static void bind_name(MYSQL_BIND *bind, struct row *row) {
    bind->buffer_type = MYSQL_TYPE_STRING;
    bind->buffer = row->name;
    bind->buffer_length = maximum_name_size;
    bind->length = &row->name_length;
}

static bool bind_row(struct client *client) {
    MYSQL_BIND binds[maximum_columns] = {{0}};
    struct row *row = &client->row;
    switch (client->kind) {
    case mysql_select_one: bind_value(&binds[0], MYSQL_TYPE_LONG, &row->id); break;
    case mysql_point_select:
        bind_value(&binds[0], MYSQL_TYPE_LONGLONG, &row->key);
        bind_name(&binds[1], row);
        break;
    case mysql_thousand_rows:
        bind_value(&binds[0], MYSQL_TYPE_LONG, &row->id);
        bind_value(&binds[1], MYSQL_TYPE_LONGLONG, &row->total);
        bind_name(&binds[2], row);
        bind_value(&binds[3], MYSQL_TYPE_DOUBLE, &row->ratio);
        break;
    }
    for (int column = 0; column < maximum_columns; column++) binds[column].is_null = &row->is_null[column];
    return mysql_stmt_bind_result(client->statement, binds) == 0;
}

static bool prepare(struct client *client, const struct mysql_run *run, char *message, size_t message_size) {
    static const unsigned columns[] = {
        [mysql_select_one] = 1, [mysql_point_select] = 2, [mysql_thousand_rows] = 4};
    client->statement = mysql_stmt_init(client->connection);
    if (client->statement == NULL) {
        snprintf(message, message_size, "there is no memory");
        return false;
    }
    bool is_ready = mysql_stmt_prepare(client->statement, run->text, strlen(run->text)) == 0;
    if (is_ready && mysql_stmt_field_count(client->statement) != columns[run->statement]) {
        snprintf(message, message_size, "the statement has %u columns", mysql_stmt_field_count(client->statement));
        return false;
    }
    if (is_ready && run->statement == mysql_point_select) {
        MYSQL_BIND key = {0};
        bind_value(&key, MYSQL_TYPE_LONGLONG, &client->key);
        is_ready = mysql_stmt_bind_param(client->statement, &key) == 0;
    }
    is_ready = is_ready && bind_row(client);
    if (!is_ready) snprintf(message, message_size, "%s", mysql_stmt_error(client->statement));
    return is_ready;
}

bool mysql_client_open(struct client *client, const struct mysql_run *run, char *message, size_t message_size) {
    *client = (struct client){.connection = mysql_init(NULL), .kind = run->statement};
    if (client->connection == NULL) {
        snprintf(message, message_size, "there is no memory");
        return false;
    }
    // Without this `localhost` would mean a socket at a place that was built in.
    unsigned protocol = run->socket == NULL ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    my_bool is_off = 0;
    mysql_optionsv(client->connection, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_optionsv(client->connection, MYSQL_OPT_SSL_ENFORCE, &is_off);
    mysql_optionsv(client->connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &is_off);
    mysql_optionsv(client->connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    MYSQL *connected = mysql_real_connect(
        client->connection, run->host, run->user, run->password, run->database, (unsigned)run->port, run->socket, 0);
    bool is_open = connected != NULL;
    if (!is_open) snprintf(message, message_size, "%s", mysql_error(client->connection));
    is_open = is_open && prepare(client, run, message, message_size);
    if (!is_open) mysql_client_close(client);
    return is_open;
}

void mysql_client_close(struct client *client) {
    if (client->statement != NULL) mysql_stmt_close(client->statement);
    if (client->connection != NULL) mysql_close(client->connection);
    free(client->records);
    free(client->text);
    *client = (struct client){0};
}

static bool reserve(struct client *client, int rows, size_t text_size) {
    if (rows > client->record_capacity) {
        int capacity = rows * 2;
        struct record *records = realloc(client->records, sizeof(struct record) * (size_t)capacity);
        if (records == NULL) return false;
        client->records = records;
        client->record_capacity = capacity;
    }
    if (text_size > client->text_capacity) {
        char *text = realloc(client->text, text_size * 2);
        if (text == NULL) return false;
        client->text = text;
        client->text_capacity = text_size * 2;
    }
    return true;
}

/// The texts lie one after the other in one piece of memory, which is reused: the least that a copy can cost. It may move while
/// it grows, so that the records learn at the end where theirs is.
static bool take_records(struct client *client, int *count) {
    const struct row *row = &client->row;
    size_t text_size = 0;
    int result;
    while ((result = mysql_stmt_fetch(client->statement)) == 0) {
        for (int column = 0; column < maximum_columns; column++) {
            if (row->is_null[column]) return false;
        }
        if (!reserve(client, *count + 1, text_size + row->name_length + 1)) return false;
        client->records[(*count)++] = (struct record){row->id, row->total, NULL, row->name_length, row->ratio};
        memcpy(client->text + text_size, row->name, row->name_length);
        client->text[text_size + row->name_length] = 0;
        text_size += row->name_length + 1;
    }
    if (result != MYSQL_NO_DATA || *count == 0) return false;
    const char *text = client->text;
    for (int index = 0; index < *count; index++) {
        client->records[index].name = text;
        text += client->records[index].name_length + 1;
    }
    client->checksum += client->records[*count - 1].total;
    return true;
}

static bool take_one(struct client *client) {
    const struct row *row = &client->row;
    if (mysql_stmt_fetch(client->statement) != 0 || row->is_null[0]) return false;
    if (client->kind == mysql_select_one) {
        client->checksum += row->id;
    } else {
        if (row->is_null[1] || row->key != client->key || !reserve(client, 0, row->name_length + 1)) return false;
        memcpy(client->text, row->name, row->name_length);
        client->text[row->name_length] = 0;
        client->checksum += row->key;
    }
    return mysql_stmt_fetch(client->statement) == MYSQL_NO_DATA;
}

bool mysql_client_query(
    struct client *client, const struct mysql_run *run, uint64_t *random, char *message, size_t message_size) {
    if (client->kind == mysql_point_select) client->key = (int64_t)(1 + measurement_random(random) % (uint64_t)run->keys);
    if (mysql_stmt_execute(client->statement) != 0) {
        snprintf(message, message_size, "%s", mysql_stmt_error(client->statement));
        return false;
    }
    int count = 0;
    bool is_right = client->kind == mysql_thousand_rows ? take_records(client, &count) && count == 1000 : take_one(client);
    if (!is_right) {
        const char *reason = mysql_stmt_error(client->statement);
        snprintf(message, message_size, "%s", *reason ? reason : "the rows are not those of the statement");
    }
    return is_right;
}

const char *mysql_library_version(void) { return mysql_get_client_info(); }
