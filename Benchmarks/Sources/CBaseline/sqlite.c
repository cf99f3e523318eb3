#include "sqlite_baseline.h"
#include "stack.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
    int64_t id, total;
    const char *name;
    double ratio;
};

enum { record_count = 1000, text_capacity = 64 * record_count };

/// A connection with its statement, and the memory for what comes through it.
struct client {
    sqlite3 *database;
    sqlite3_stmt *statement;
    struct record records[record_count];
    char text[text_capacity];
};

struct pool {
    const struct sqlite_run *run;
    struct stack idle;
    pthread_mutex_t writer_mutex;
    struct client *writer;
};

static bool client_open(struct client *client, const char *path, int flags, const char *text) {
    if (sqlite3_open_v2(path, &client->database, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) return false;
    sqlite3_busy_timeout(client->database, 5000);
    if (sqlite3_exec(client->database, "PRAGMA synchronous = normal", NULL, NULL, NULL) != SQLITE_OK) return false;
    return sqlite3_prepare_v3(client->database, text, -1, SQLITE_PREPARE_PERSISTENT, &client->statement, NULL) ==
           SQLITE_OK;
}

static void client_close(struct client *client) {
    sqlite3_finalize(client->statement);
    sqlite3_close(client->database);
}

static bool reset(struct client *client) {
    bool is_done = sqlite3_reset(client->statement) == SQLITE_OK;
    return sqlite3_clear_bindings(client->statement) == SQLITE_OK && is_done;
}

static bool read_point(struct client *client, int64_t key) {
    sqlite3_stmt *statement = client->statement;
    sqlite3_bind_int64(statement, 1, key);
    if (sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int64(statement, 0) != key) return false;
    const unsigned char *text = sqlite3_column_text(statement, 1);
    size_t length = (size_t)sqlite3_column_bytes(statement, 1);
    if (text == NULL || length >= text_capacity) return false;
    memcpy(client->text, text, length + 1);
    __asm__ volatile("" : : "r"(client->text) : "memory");
    return sqlite3_step(statement) == SQLITE_DONE && reset(client);
}

static bool read_one(struct client *client) {
    bool is_right = sqlite3_step(client->statement) == SQLITE_ROW && sqlite3_column_int64(client->statement, 0) == 1;
    return is_right && sqlite3_step(client->statement) == SQLITE_DONE && reset(client);
}

static bool read_rows(struct client *client) {
    sqlite3_stmt *statement = client->statement;
    char *text = client->text, *end = client->text + text_capacity;
    int rows = 0, status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW && rows < record_count) {
        struct record *record = &client->records[rows++];
        record->id = sqlite3_column_int64(statement, 0);
        record->total = sqlite3_column_int64(statement, 1);
        const unsigned char *name = sqlite3_column_text(statement, 2);
        size_t length = (size_t)sqlite3_column_bytes(statement, 2);
        if (name == NULL || length >= (size_t)(end - text)) return false;
        record->name = memcpy(text, name, length + 1);
        text += length + 1;
        record->ratio = sqlite3_column_double(statement, 3);
    }
    __asm__ volatile("" : : "r"(client->records) : "memory");
    return status == SQLITE_DONE && rows == record_count && reset(client);
}

static bool read_as(enum sqlite_work work, struct client *client, int64_t key) {
    switch (work) {
    case sqlite_select_one: return read_one(client);
    case sqlite_thousand_rows: return read_rows(client);
    default: return read_point(client, key);
    }
}

static bool write_point(struct pool *pool, int64_t key, uint64_t number) {
    pthread_mutex_lock(&pool->writer_mutex);
    sqlite3_stmt *statement = pool->writer->statement;
    char text[32];
    int length = snprintf(text, sizeof text, "item number %d", (int)(number % 1000000));
    sqlite3_bind_text(statement, 1, text, length, SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 2, key);
    bool is_done = sqlite3_step(statement) == SQLITE_DONE;
    is_done = reset(pool->writer) && is_done;
    pthread_mutex_unlock(&pool->writer_mutex);
    return is_done;
}

static bool call(void *context, uint64_t *random, char *message, size_t message_size) {
    struct pool *pool = context;
    bool is_done = true;
    uint64_t number = measurement_random(random);
    int64_t key = 1 + (int64_t)(number % (uint64_t)pool->run->keys);
    if (pool->run->work == sqlite_mixed && (number >> 32) % 10 == 0) {
        is_done = write_point(pool, key, number);
    } else {
        struct client *client = stack_acquire(&pool->idle);
        for (int turn = 0; turn < pool->run->load.operations_per_call && is_done; turn++) {
            is_done = read_as(pool->run->work, client, key);
            if (pool->run->load.operations_per_call > 1) {
                key = 1 + (int64_t)(measurement_random(random) % (uint64_t)pool->run->keys);
            }
        }
        stack_release(&pool->idle, client);
    }
    if (!is_done) snprintf(message, message_size, "SQLite failed, or gave something else than was stored");
    return is_done;
}

int sqlite_threads(
    const struct sqlite_run *run, struct measurement_result *result, char *message, size_t message_size) {
    static const char *const texts[] = {
        [sqlite_select_one] = "SELECT 1", [sqlite_thousand_rows] = "SELECT id, total, name, ratio FROM record",
        [sqlite_point_read] = "SELECT id, name FROM item WHERE id = ?",
        [sqlite_mixed] = "SELECT id, name FROM item WHERE id = ?"};
    struct pool pool = {.run = run, .writer_mutex = PTHREAD_MUTEX_INITIALIZER};
    size_t count = (size_t)run->connections + 1;
    struct client *clients = calloc(count, sizeof *clients);
    int outcome = -1;
    if (!stack_make(&pool.idle, run->connections) || clients == NULL) {
        snprintf(message, message_size, "there is no memory");
        goto done;
    }
    for (int index = 0; index < run->connections; index++) {
        if (!client_open(&clients[index], run->path, SQLITE_OPEN_READONLY, texts[run->work])) goto cannot_open;
        stack_release(&pool.idle, &clients[index]);
    }
    pool.writer = &clients[run->connections];
    const char *writing = "UPDATE item SET name = ? WHERE id = ?";
    if (!client_open(pool.writer, run->path, SQLITE_OPEN_READWRITE, writing)) goto cannot_open;
    outcome = measurement_run_threads(&run->load, call, &pool, result, message, message_size);
    goto done;
cannot_open:
    snprintf(message, message_size, "%s cannot be opened", run->path);
done:
    for (size_t index = 0; clients != NULL && index < count; index++) client_close(&clients[index]);
    free(clients);
    stack_free(&pool.idle);
    return outcome;
}

const char *sqlite_library_version(void) { return sqlite3_libversion(); }
