#ifndef CMARIADB_SHIM_H
#define CMARIADB_SHIM_H

// Debian keeps the header in a folder of its own, Homebrew in its prefix.
#if __has_include(<mariadb/mysql.h>)
#include <mariadb/mysql.h>
#include <mariadb/errmsg.h>
#elif __has_include("/opt/homebrew/opt/mariadb-connector-c/include/mariadb/mysql.h")
#include "/opt/homebrew/opt/mariadb-connector-c/include/mariadb/mysql.h"
#include "/opt/homebrew/opt/mariadb-connector-c/include/mariadb/errmsg.h"
#elif __has_include("/usr/local/opt/mariadb-connector-c/include/mariadb/mysql.h")
#include "/usr/local/opt/mariadb-connector-c/include/mariadb/mysql.h"
#include "/usr/local/opt/mariadb-connector-c/include/mariadb/errmsg.h"
#elif __has_include(<mysql.h>)
#include <mysql.h>
#include <errmsg.h>
#else
#error "mysql.h of MariaDB is missing: install libmariadb-dev (Debian, Ubuntu), mariadb-connector-c-devel (Fedora) or mariadb-connector-c (Homebrew)"
#endif

#include <time.h>

// Swift passes no function pointer where C wants `const void *`.

// `wait` is called in the place of poll(2), and returns what poll returns.
typedef int (*cmariadb_wait)(my_socket handle, my_bool is_read, int timeout);

static inline void cmariadb_set_wait(MYSQL *mysql, cmariadb_wait wait) {
    mysql_options(mysql, MARIADB_OPT_IO_WAIT, (const void *)wait);
}

// The library keeps `user`, and calls `callback` for each value of each row that is fetched.
static inline void cmariadb_set_result_callback(MYSQL_STMT *statement, ps_result_callback callback, void *user) {
    mysql_stmt_attr_set(statement, STMT_ATTR_CB_USER_DATA, user);
    mysql_stmt_attr_set(statement, STMT_ATTR_CB_RESULT, (const void *)callback);
}

// The library calls `callback` before it sends each row of a bulk execution, to have its values filled in.
static inline void cmariadb_set_param_callback(MYSQL_STMT *statement, ps_param_callback callback) {
    mysql_stmt_attr_set(statement, STMT_ATTR_CB_PARAM, (const void *)callback);
}

// The value's name in the server's extended information about a column, as `json` or `uuid`; NULL without one.
static inline const char *cmariadb_field_attribute(const MYSQL_FIELD *field, int attribute, size_t *length) {
    MARIADB_CONST_STRING text = {0, 0};
    if (mariadb_field_attr(&text, field, (enum mariadb_field_attr_t)attribute) || !text.str) return 0;
    *length = text.length;
    return text.str;
}

// A union that Swift imports under a name of no use.
static inline void cmariadb_set_indicator(MYSQL_BIND *bind, char *indicator) { bind->u.indicator = indicator; }

// Milliseconds of a monotonic clock that costs next to nothing to read, and is a few of them coarse.
static inline long long cmariadb_coarse_milliseconds(void) {
    struct timespec now;
#if defined(CLOCK_MONOTONIC_COARSE)
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#elif defined(CLOCK_MONOTONIC_RAW_APPROX)
    clock_gettime(CLOCK_MONOTONIC_RAW_APPROX, &now);
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
