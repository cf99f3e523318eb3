#ifndef CLIENT_H
#define CLIENT_H

#include "mysql_baseline.h"

// Debian keeps the header in a folder of its own, Homebrew in its prefix.
#if __has_include(<mariadb/mysql.h>)
#include <mariadb/mysql.h>
#elif __has_include("/opt/homebrew/opt/mariadb-connector-c/include/mariadb/mysql.h")
#include "/opt/homebrew/opt/mariadb-connector-c/include/mariadb/mysql.h"
#elif __has_include("/usr/local/opt/mariadb-connector-c/include/mariadb/mysql.h")
#include "/usr/local/opt/mariadb-connector-c/include/mariadb/mysql.h"
#elif __has_include(<mysql.h>)
#include <mysql.h>
#else
#error "mysql.h of MariaDB is missing: install libmariadb-dev (Debian, Ubuntu), mariadb-connector-c-devel (Fedora) or mariadb-connector-c (Homebrew)"
#endif

#include <stdbool.h>

enum { maximum_name_size = 64, maximum_columns = 4 };

/// A row of the statement that returns many.
struct record {
    int32_t id;
    int64_t total;
    const char *name;
    unsigned long name_length;
    double ratio;
};

/// Where libmariadb puts the values of a row.
struct row {
    int32_t id;
    int64_t key, total;
    double ratio;
    char name[maximum_name_size];
    unsigned long name_length;
    my_bool is_null[maximum_columns];
};

/// A connection, its statement, and the memory for what comes through it.
struct client {
    MYSQL *connection;
    MYSQL_STMT *statement;
    enum mysql_statement kind;
    int64_t key;
    struct row row;
    struct record *records;
    int record_capacity;
    char *text;
    size_t text_capacity;
    /// The latest values, so that no compiler leaves out their decoding.
    int64_t checksum;
};

/// Connects, and prepares the statement of `run`. False, with a reason in `message`, if that fails. The client must stay
/// where it is: libmariadb knows its address.
bool mysql_client_open(struct client *client, const struct mysql_run *run, char *message, size_t message_size);
void mysql_client_close(struct client *client);

/// Runs the statement once, and turns its rows into native values that need nothing of libmariadb's any more. False, with a
/// reason in `message`, if they are not what the statement returns. `*random` must not be 0.
bool mysql_client_query(
    struct client *client, const struct mysql_run *run, uint64_t *random, char *message, size_t message_size);

#endif
