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

#include <string.h>
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

// The beginning of what libmariadb has of a socket: what it has read of it ahead. Laid out as in ma_pvio.h, which cannot be included
// from here for the same reason as below.
struct cmariadb_read_ahead {
    void *data;
    unsigned char *start, *position;
    size_t size;
};

// How many bytes have come that no answer has been made of. 0 between an answer and the next request, unless the other side lies.
static inline size_t cmariadb_unread_count(const MYSQL *mysql) {
    const struct cmariadb_read_ahead *ahead = (const struct cmariadb_read_ahead *)mysql->net.pvio;
    if (!ahead) return 0;
    size_t packed = mysql->net.compress ? mysql->net.remain_in_buf : 0;
    if (!ahead->start || !ahead->position || ahead->position >= ahead->start + ahead->size) return packed;
    return packed + (size_t)(ahead->start + ahead->size - ahead->position);
}

// The beginning of a login that is refused unless the server offers TLS: a plug-in for libmariadb, which asks it first where
// MYSQL_DEFAULT_AUTH names it. By itself the library looks for TLS only where it also verifies the certificate, and sends the login
// without it otherwise. What follows is laid out as in mysql/client_plugin.h, which cannot be included from here: it finds its own
// headers only with a search path. https://mariadb.com/kb/en/authentication-plugin-api/

struct cmariadb_login_io {
    int (*read_packet)(struct cmariadb_login_io *io, unsigned char **packet);
    int (*write_packet)(struct cmariadb_login_io *io, const unsigned char *packet, size_t length);
};

struct cmariadb_login_plugin {
    int type;
    unsigned int interface_version;
    const char *name, *author, *description;
    unsigned int version[3];
    const char *license;
    void *api;
    void *initialize, *deinitialize, *set_option;
    int (*authenticate)(struct cmariadb_login_io *io, MYSQL *mysql);
    void *hash;
};

struct st_mysql_client_plugin;
struct st_mysql_client_plugin *mysql_client_register_plugin(MYSQL *mysql, struct st_mysql_client_plugin *plugin);

#define CMARIADB_TLS_LOGIN "swift_pool_tls_login"

// Returns 0 for an error, and -1 where the library shall read on: the server then asks for the plug-in that the user has.
static inline int cmariadb_begin_tls_login(struct cmariadb_login_io *io, MYSQL *mysql) {
    if (mysql->server_capabilities & CLIENT_SSL) return io->write_packet(io, 0, 0) ? 0 : -1;
    mysql->net.last_errno = CR_SSL_CONNECTION_ERROR;
    strcpy(mysql->net.sqlstate, "HY000");
    strcpy(mysql->net.last_error, "The server does not encrypt connections, and the configuration asks for it");
    return 0;
}

// 0 once the library knows the plug-in. For the whole process, and only those who name it meet it. To be called once.
static inline int cmariadb_register_tls_login(void) {
    static struct cmariadb_login_plugin plugin = {
        2, 0x0101, CMARIADB_TLS_LOGIN, "", "Begins a login with TLS", {1, 0, 0}, "", 0, 0, 0, 0, cmariadb_begin_tls_login, 0};
    MYSQL *mysql = mysql_init(0);
    if (!mysql) return 1;
    int result = mysql_client_register_plugin(mysql, (struct st_mysql_client_plugin *)&plugin) ? 0 : 1;
    mysql_close(mysql);
    return result;
}

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
