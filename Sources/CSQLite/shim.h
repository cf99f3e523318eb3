#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

#include <sqlite3.h>

// Swift imports neither SQLITE_TRANSIENT, which casts an integer to a function pointer, nor variadic functions.
// In all of these SQLite copies the bytes before it returns, and frees the copy itself: the caller keeps its own.

static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    // A null pointer would bind NULL: an empty text needs an address.
    return sqlite3_bind_text64(statement, index, bytes ? (const char *)bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// With 0 a quoted name that SQLite does not know is an error, and no text: https://www.sqlite.org/quirks.html#dblquote
static inline int csqlite_accept_quoted_texts(sqlite3 *database, int accepts) {
    int result = sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, accepts, (int *)0);
    return result == SQLITE_OK ? sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, accepts, (int *)0) : result;
}

static inline int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    if (count == 0) return sqlite3_bind_zeroblob(statement, index, 0);
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

static inline void csqlite_result_text(sqlite3_context *context, const void *bytes, sqlite3_uint64 count) {
    sqlite3_result_text64(context, bytes ? (const char *)bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline void csqlite_result_blob(sqlite3_context *context, const void *bytes, sqlite3_uint64 count) {
    if (count == 0) sqlite3_result_zeroblob(context, 0);
    else sqlite3_result_blob64(context, bytes, count, SQLITE_TRANSIENT);
}

#endif
