#ifndef POSTGRES_BASELINE_H
#define POSTGRES_BASELINE_H

#include <clients.h>

/// What each task does again and again. The tables are those of the benchmark's own schema.
enum postgres_statement {
    /// `SELECT 1`.
    postgres_select_one,
    /// One of `keys` rows by its primary key, chosen at random.
    postgres_point_select,
    /// 1,000 rows of an int4, an int8, a text and a float8.
    postgres_thousand_rows
};

struct postgres_run {
    /// libpq's form, or a URL.
    const char *connection;
    /// The text of the statement, with `$1` for the key of a point select.
    const char *text;
    enum postgres_statement statement;
    int64_t keys;
    int connections;
    /// Whether the threads send the operations of one call together in libpq's pipeline mode, with one sync at the end.
    bool is_pipelined;
    /// The threads do all operations of one call on one connection, which they take once.
    struct measurement_load load;
};

/// A thread for each task, and blocking connections in a stack under a mutex, with a condition variable for those who
/// find it empty. Returns 0, or -1 with a reason in `message`.
int postgres_clients(
    const struct postgres_run *run, enum clients_program program, struct measurement_result *result, char *message,
    size_t message_size);

/// One thread for everything: non-blocking connections, epoll, and a queue of the tasks that want one.
/// Returns 0, or -1 with a reason in `message`.
int postgres_epoll(
    const struct postgres_run *run, struct measurement_result *result, char *message, size_t message_size);

/// The version of libpq that this program runs with: 150004 is 15.4.
int postgres_library_version(void);

#endif
