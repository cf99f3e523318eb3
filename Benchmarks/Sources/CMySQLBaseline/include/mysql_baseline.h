#ifndef MYSQL_BASELINE_H
#define MYSQL_BASELINE_H

#include <clients.h>

/// What each task does again and again. The tables are those of the benchmark's own database.
enum mysql_statement {
    /// `SELECT 1`.
    mysql_select_one,
    /// One of `keys` rows by its primary key, chosen at random.
    mysql_point_select,
    /// 1,000 rows of an INT, a BIGINT, a VARCHAR and a DOUBLE.
    mysql_thousand_rows
};

struct mysql_run {
    /// Null where there is a socket.
    const char *host;
    /// The path of a Unix socket, or null.
    const char *socket;
    int port;
    const char *user, *password, *database;
    /// The text of the statement, with `?` for the key of a point select.
    const char *text;
    enum mysql_statement statement;
    int64_t keys;
    int connections;
    /// All operations of one call are done on one connection, which is taken once.
    struct measurement_load load;
};

/// A thread for each task, and blocking connections in a stack under a mutex, with a condition variable for those who
/// find it empty. Returns 0, or -1 with a reason in `message`.
int mysql_clients(
    const struct mysql_run *run, enum clients_program program, struct measurement_result *result, char *message,
    size_t message_size);

/// The version of libmariadb that this program runs with, like `3.3.19`.
const char *mysql_library_version(void);

#endif
