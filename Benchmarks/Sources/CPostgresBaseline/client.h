#ifndef CLIENT_H
#define CLIENT_H

#include "postgres_baseline.h"

// Debian keeps the header in a folder of its own, Homebrew on Apple silicon in its prefix.
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#elif __has_include(<postgresql/libpq-fe.h>)
#include <postgresql/libpq-fe.h>
#elif __has_include("/opt/homebrew/opt/libpq/include/libpq-fe.h")
#include "/opt/homebrew/opt/libpq/include/libpq-fe.h"
#elif __has_include("/usr/local/opt/libpq/include/libpq-fe.h")
#include "/usr/local/opt/libpq/include/libpq-fe.h"
#else
#error "libpq-fe.h is missing: install libpq-dev (Debian, Ubuntu), libpq-devel (Fedora) or libpq (Homebrew)"
#endif

#include <stdbool.h>

/// A row of the statement that returns many.
struct record {
    int32_t id;
    int64_t total;
    const char *name;
    int32_t name_length;
    double ratio;
};

/// A connection, and the memory for what comes through it.
struct client {
    PGconn *connection;
    enum postgres_statement statement;
    struct record *records;
    int record_capacity;
    char *text;
    size_t text_capacity;
    /// The latest values, so that no compiler leaves out their decoding.
    int64_t checksum;
};

/// Connects, and prepares the statement of `run`. False, with a reason in `message`, if that fails.
bool client_open(struct client *client, const struct postgres_run *run, char *message, size_t message_size);
void client_close(struct client *client);

/// The parameters of one execution.
struct binding {
    int64_t key;
    const char *values[1];
    int lengths[1];
    int formats[1];
    int count;
};

/// Takes the next parameters. `*random` must not be 0.
void binding_fill(struct binding *binding, const struct postgres_run *run, uint64_t *random);

/// Turns the rows into native values that do not need the result any more, and frees the result. False, with a reason
/// in `message`, if it is not what the statement returns.
bool client_decode(struct client *client, PGresult *result, char *message, size_t message_size);

#endif
