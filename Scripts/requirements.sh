# What the package needs of the machine: one function for each requirement, which installs what is missing.
# Sourced after common.sh. A new database adds its function here and its name to the list in Scripts/test.

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "only root can do this, and there is no sudo. Run as root: $*"
    fi
}

# Usage: install DEBIAN_PACKAGE BREW_PACKAGE
install() {
    local debian=$1 brew=$2
    if command -v apt-get >/dev/null; then
        say "installing $debian"
        # Without fresh lists an old one may still do, and apt-get says what is wrong if not.
        as_root apt-get update -qq || say "apt-get update failed; going on with the lists that are here"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$debian" >/dev/null
    elif [ "$(uname -s)" = Darwin ]; then
        fail "$brew is missing. Install it: brew install $brew"
    else
        fail "$debian is missing. Install it with your system's package manager (that is its name on Debian)."
    fi
}

# The self-tests put a folder of their own before the files that the next function changes.
system_root=

# Installs a server whose programs only are needed. Debian would start its service, now and at each start of the machine, and make
# a cluster for PostgreSQL: both are forbidden for the time of the install, and nothing that ran before is touched.
# Usage: install_without_service DEBIAN_PACKAGE BREW_PACKAGE
install_without_service() {
    local debian=$1 brew=$2
    if ! command -v apt-get >/dev/null; then
        install "$debian" "$brew"
        return
    fi
    (
        # https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
        policy=$system_root/usr/sbin/policy-rc.d clusters=$system_root/etc/postgresql-common/createcluster.conf
        saved=$(mktemp -d)
        restore() {
            as_root rm -f "$policy"
            if [ -e "$saved/policy" ]; then as_root mv "$saved/policy" "$policy"; fi
            if [ -e "$saved/clusters" ]; then
                as_root cp -p "$saved/clusters" "$clusters"
            elif [ "$debian" = postgresql ]; then
                as_root rm -f "$clusters"
            fi
            as_root rm -rf "$saved"
        }
        trap restore EXIT
        trap 'exit 130' INT TERM HUP
        if [ -e "$policy" ]; then as_root cp -p "$policy" "$saved/policy"; fi
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        if [ "$debian" = postgresql ]; then
            # It has the file that says whether a server's package makes a cluster.
            if [ ! -e "$clusters" ]; then install postgresql-common "$brew"; fi
            # Who has deleted the file gets it from no package again.
            as_root mkdir -p "${clusters%/*}"
            if [ -e "$clusters" ]; then as_root cp -p "$clusters" "$saved/clusters"; fi
            echo 'create_main_cluster = false' | as_root tee -a "$clusters" >/dev/null
        fi
        install "$debian" "$brew"
        # Services that systemd would start with the machine: no policy speaks of these.
        if [ -z "$system_root" ] && [ "$debian" != postgresql ] && command -v systemctl >/dev/null; then
            as_root systemctl disable --quiet "${debian%-server}" || true
        fi
    )
}

require_swift() {
    command -v swift >/dev/null || fail "there is no swift. Install Swift 6.3 or newer: https://www.swift.org/install"
}

# True if the C compiler finds a header.
has_header() {
    local compiler
    for compiler in clang cc gcc; do
        if command -v "$compiler" >/dev/null; then
            printf '#include <%s>\n' "$1" | "$compiler" -E -x c - >/dev/null 2>&1
            return
        fi
    done
    [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ]
}

# The headers of SQLite; macOS has them in its SDK.
require_sqlite() {
    if has_header sqlite3.h; then return; fi
    install libsqlite3-dev sqlite
    has_header sqlite3.h || fail "libsqlite3-dev is installed, but the compiler does not find sqlite3.h"
}

# The time-zone tables, which the quickstart imports.
require_tzdata() {
    local folder
    for folder in /usr/share/zoneinfo /var/db/timezone/zoneinfo; do
        if [ -e "$folder/zone1970.tab" ] || [ -e "$folder/zone.tab" ]; then return; fi
    done
    install tzdata tzdata
}

# The headers of libpq, PostgreSQL's client library. Debian keeps them in a folder of their own; the package finds both.
require_libpq() {
    local prefix
    if has_header libpq-fe.h || has_header postgresql/libpq-fe.h; then return; fi
    for prefix in /opt/homebrew /usr/local; do
        if [ -e "$prefix/opt/libpq/include/libpq-fe.h" ]; then return; fi
    done
    install libpq-dev libpq
    has_header libpq-fe.h || has_header postgresql/libpq-fe.h ||
        fail "libpq-dev is installed, but the compiler does not find libpq-fe.h"
}

# The programs of a PostgreSQL server: the tests start a private one. Debian keeps them out of the PATH.
has_postgres_server() {
    local folder
    for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@17/bin /opt/homebrew/bin /usr/local/bin /usr/bin; do
        if [ -x "$folder/initdb" ]; then return 0; fi
    done
    return 1
}

require_postgres() {
    if has_postgres_server; then return; fi
    install_without_service postgresql postgresql@17
    has_postgres_server || fail "postgresql is installed, but there is no initdb"
}

# The tests make certificates with it.
require_openssl() {
    if command -v openssl >/dev/null; then return; fi
    install openssl openssl
    command -v openssl >/dev/null || fail "openssl is installed, but there is no such program"
}

# The pooler that the tests put before their server. Debian keeps it out of the PATH of users.
require_pgbouncer() {
    if PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null; then return; fi
    install_without_service pgbouncer pgbouncer
    PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null || fail "pgbouncer is installed, but there is no such program"
}

# The headers of libmariadb, the client library of MariaDB and MySQL. Debian keeps them in a folder of their own.
has_mariadb_client() {
    local prefix
    if has_header mariadb/mysql.h; then return 0; fi
    for prefix in /opt/homebrew /usr/local; do
        if [ -e "$prefix/opt/mariadb-connector-c/include/mariadb/mysql.h" ]; then return 0; fi
    done
    return 1
}

require_mariadb_client() {
    if has_mariadb_client; then return; fi
    install libmariadb-dev mariadb-connector-c
    has_mariadb_client || fail "libmariadb-dev is installed, but the compiler does not find mariadb/mysql.h"
}

# The programs of a MariaDB server: the tests start a private one. Debian keeps the server out of the PATH of users.
has_mariadb_server() {
    PATH=$PATH:/usr/sbin:/opt/homebrew/bin command -v mariadbd >/dev/null &&
        PATH=$PATH:/opt/homebrew/bin command -v mariadb-install-db >/dev/null
}

require_mariadb() {
    if has_mariadb_server; then return; fi
    install_without_service mariadb-server mariadb
    has_mariadb_server || fail "mariadb-server is installed, but there is no mariadbd"
}
