#include "baseline.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct stack {
    pthread_mutex_t mutex;
    void **elements;
    size_t count;
};

static __attribute__((noinline)) void *pop(struct stack *stack) {
    pthread_mutex_lock(&stack->mutex);
    void *element = stack->count > 0 ? stack->elements[--stack->count] : NULL;
    pthread_mutex_unlock(&stack->mutex);
    return element;
}

static __attribute__((noinline)) void push(struct stack *stack, void *element) {
    pthread_mutex_lock(&stack->mutex);
    stack->elements[stack->count++] = element;
    pthread_mutex_unlock(&stack->mutex);
}

int64_t baseline_mutex_stack(int64_t rounds) {
    struct stack stack = {PTHREAD_MUTEX_INITIALIZER, calloc(16, sizeof(void *)), 0};
    for (int i = 0; i < 10; i++) push(&stack, &stack);
    int64_t start = now();
    for (int64_t i = 0; i < rounds; i++) {
        void *element = pop(&stack);
        __asm__ volatile("" : : "r"(element) : "memory");
        push(&stack, element);
    }
    int64_t elapsed = now() - start;
    free(stack.elements);
    return elapsed;
}

int64_t baseline_point_read(const char *path, int64_t rounds, int64_t keys) {
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t elapsed = -1;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &database, flags, NULL) != SQLITE_OK) goto done;
    const char *text = "SELECT id, name FROM item WHERE id = ?";
    if (sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) goto done;
    char copy[256];
    int64_t start = now();
    for (int64_t i = 0; i < rounds; i++) {
        sqlite3_bind_int64(statement, 1, i % keys + 1);
        if (sqlite3_step(statement) != SQLITE_ROW) goto done;
        volatile int64_t id = sqlite3_column_int64(statement, 0);
        (void)id;
        size_t length = (size_t)sqlite3_column_bytes(statement, 1);
        memcpy(copy, sqlite3_column_text(statement, 1), length < sizeof copy ? length : sizeof copy);
        __asm__ volatile("" : : "r"(copy) : "memory");
        if (sqlite3_step(statement) != SQLITE_DONE) goto done;
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    }
    elapsed = now() - start;
done:
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return elapsed;
}
