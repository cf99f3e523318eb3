#ifndef CLIBPQ_SHIM_H
#define CLIBPQ_SHIM_H

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>

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

// The codes of PQresultErrorField are characters in C.
enum clibpq_field {
    clibpq_severity = PG_DIAG_SEVERITY_NONLOCALIZED,
    clibpq_severity_localized = PG_DIAG_SEVERITY,
    clibpq_sqlstate = PG_DIAG_SQLSTATE,
    clibpq_message = PG_DIAG_MESSAGE_PRIMARY,
    clibpq_detail = PG_DIAG_MESSAGE_DETAIL,
    clibpq_hint = PG_DIAG_MESSAGE_HINT,
    clibpq_position = PG_DIAG_STATEMENT_POSITION,
    clibpq_context = PG_DIAG_CONTEXT,
    clibpq_schema = PG_DIAG_SCHEMA_NAME,
    clibpq_table = PG_DIAG_TABLE_NAME,
    clibpq_column = PG_DIAG_COLUMN_NAME,
    clibpq_data_type = PG_DIAG_DATATYPE_NAME,
    clibpq_constraint = PG_DIAG_CONSTRAINT_NAME,
    clibpq_function = PG_DIAG_SOURCE_FUNCTION
};

// How many bytes have come that nobody has read yet.
static inline int clibpq_pending_input(const PGconn *connection) {
    int count = 0;
    return ioctl(PQsocket(connection), FIONREAD, &count) == 0 ? count : 0;
}

// What newer versions of libpq have, under names that any version has, so that Swift needs no conditions.

// From now to the end of the statement that was just sent, results have at most `rows` rows each (libpq 17), or one.
static inline int clibpq_set_rows_per_result(PGconn *connection, int rows) {
#ifdef LIBPQ_HAS_CHUNK_MODE
    return PQsetChunkedRowsMode(connection, rows);
#else
    (void)rows;
    return PQsetSingleRowMode(connection);
#endif
}

// The status of a result; one for some of a statement's rows has that of a single row.
static inline ExecStatusType clibpq_result_status(const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
#ifdef LIBPQ_HAS_CHUNK_MODE
    if (status == PGRES_TUPLES_CHUNK) return PGRES_SINGLE_TUPLE;
#endif
    return status;
}

// What cancels the statements of a connection. From libpq 17 on it is encrypted where the connection is.
#ifdef LIBPQ_HAS_ASYNC_CANCEL
typedef PGcancelConn clibpq_cancel;
#else
typedef PGcancel clibpq_cancel;
#endif

static inline clibpq_cancel *clibpq_cancel_create(PGconn *connection) {
#ifdef LIBPQ_HAS_ASYNC_CANCEL
    return PQcancelCreate(connection);
#else
    return PQgetCancel(connection);
#endif
}

#ifdef LIBPQ_HAS_ASYNC_CANCEL
static inline long long clibpq_milliseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}
#endif

// 1 if the server has passed on the request. Blocks, for `milliseconds` at most where libpq allows a limit (17 or newer), and may be
// called again; by one thread at a time.
static inline int clibpq_cancel_send(clibpq_cancel *cancel, int milliseconds) {
#ifdef LIBPQ_HAS_ASYNC_CANCEL
    // https://www.postgresql.org/docs/17/libpq-cancel.html#LIBPQ-PQCANCELSTART
    long long deadline = clibpq_milliseconds_now() + milliseconds;
    PostgresPollingStatusType state = PQcancelStart(cancel) ? PGRES_POLLING_WRITING : PGRES_POLLING_FAILED;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        long long left = deadline - clibpq_milliseconds_now();
        struct pollfd wait = {PQcancelSocket(cancel), state == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR) continue;
        state = ready > 0 ? PQcancelPoll(cancel) : PGRES_POLLING_FAILED;
    }
    PQcancelReset(cancel);
    return state == PGRES_POLLING_OK;
#else
    (void)milliseconds;
    char message[256];
    return PQcancel(cancel, message, sizeof message);
#endif
}

static inline void clibpq_cancel_free(clibpq_cancel *cancel) {
#ifdef LIBPQ_HAS_ASYNC_CANCEL
    PQcancelFinish(cancel);
#else
    PQfreeCancel(cancel);
#endif
}

#endif
