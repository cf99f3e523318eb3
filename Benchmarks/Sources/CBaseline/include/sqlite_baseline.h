#ifndef SQLITE_BASELINE_H
#define SQLITE_BASELINE_H

#include "measurement.h"

enum sqlite_work {
    /// `SELECT 1`.
    sqlite_select_one,
    /// A row by its key, chosen at random.
    sqlite_point_read,
    /// 1,000 rows of four columns.
    sqlite_thousand_rows,
    /// Point reads, and one update by key for nine of them.
    sqlite_mixed
};

struct sqlite_run {
    const char *path;
    enum sqlite_work work;
    int64_t keys;
    /// Connections that read; there is one more that writes.
    int connections;
    /// All operations of one call are done on one connection, which is taken once.
    struct measurement_load load;
};

/// A thread for each task, and connections in a stack under a mutex, with a condition variable for those who find it
/// empty. Returns 0, or -1 with a reason in `message`.
int sqlite_threads(
    const struct sqlite_run *run, struct measurement_result *result, char *message, size_t message_size);

/// The version of the library that this program runs with.
const char *sqlite_library_version(void);

#endif
