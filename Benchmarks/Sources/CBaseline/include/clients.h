#ifndef CLIENTS_H
#define CLIENTS_H

#include "measurement.h"

/// The connections that the contenders of one database use, and what they do with them. The programs below have a stack of them,
/// and a thread for each task.
struct clients {
    int count;
    /// Bytes of one.
    size_t size;
    /// Of the database's own kind: what it is told to do.
    const void *run;
    const struct measurement_load *load;
    /// Connects, and prepares the statement. False, with a reason in `message`, if that fails. The client stays where it is.
    bool (*open)(void *client, const void *run, char *message, size_t message_size);
    /// Takes one that is all zeros, too.
    void (*close)(void *client);
    /// Does the operations of one call. False, with a reason in `message`, if one fails.
    bool (*call)(void *client, const void *run, uint64_t *random, char *message, size_t message_size);
};

/// What is done with them.
enum clients_program {
    /// Each thread takes one for each call, again and again.
    clients_load,
    /// None is open yet when all threads come, each for one call: the first open one, the others wait. Measured until all are
    /// served, again and again.
    clients_storm,
    /// All are open, and each has been used: how much memory one takes.
    clients_memory
};

/// Returns 0, or -1 with a reason in `message`.
int clients_run(
    const struct clients *clients, enum clients_program program, struct measurement_result *result, char *message,
    size_t message_size);

#endif
