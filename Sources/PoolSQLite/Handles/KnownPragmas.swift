/// The pragmas whose effect on a session is known: https://www.sqlite.org/pragma.html
enum KnownPragmas {
    /// False if the pragma changes the session, or is not known.
    static func keepsSession(_ name: String, hasArgument: Bool, isTemporary: Bool) -> Bool {
        if looking.contains(name) { return true }
        if !hasArgument { return working.contains(name) || settings.contains(name) }
        // A change of a database file changes the session if that file is the temporary one.
        return working.contains(name) && !isTemporary
    }

    /// Settings of the process: they apply to all connections immediately, and a new connection does not undo them.
    static let ofProcess: Set<String> = [
        "soft_heap_limit", "hard_heap_limit", "temp_store_directory", "data_store_directory",
    ]

    /// Pragmas that only read, even with an argument.
    private static let looking: Set<String> = [
        "table_info", "table_xinfo", "table_list", "index_info", "index_xinfo", "index_list", "foreign_key_list",
        "foreign_key_check", "integrity_check", "quick_check", "collation_list", "compile_options", "database_list",
        "data_version", "freelist_count", "function_list", "module_list", "page_count", "pragma_list",
    ]

    /// Pragmas that do some work or change a database file, and leave the session unchanged.
    private static let working: Set<String> = [
        "wal_checkpoint", "optimize", "incremental_vacuum", "shrink_memory", "user_version", "application_id",
    ]

    /// Settings that a pragma without an argument only reads.
    private static let settings: Set<String> = [
        "analysis_limit", "auto_vacuum", "automatic_index", "busy_timeout", "cache_size", "cache_spill",
        "cell_size_check", "checkpoint_fullfsync", "count_changes", "data_store_directory", "default_cache_size",
        "defer_foreign_keys", "empty_result_callbacks", "encoding", "foreign_keys", "full_column_names", "fullfsync",
        "hard_heap_limit", "ignore_check_constraints", "journal_mode", "journal_size_limit", "legacy_alter_table",
        "locking_mode", "max_page_count", "mmap_size", "page_size", "query_only", "read_uncommitted",
        "recursive_triggers", "reverse_unordered_selects", "schema_version", "secure_delete", "short_column_names",
        "soft_heap_limit", "synchronous", "temp_store", "temp_store_directory", "threads", "trusted_schema",
        "wal_autocheckpoint", "writable_schema",
    ]
}
