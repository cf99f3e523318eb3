#ifndef CLIBPQ_SHIM_H
#define CLIBPQ_SHIM_H

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

#endif
