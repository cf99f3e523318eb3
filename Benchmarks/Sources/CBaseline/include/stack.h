#ifndef STACK_H
#define STACK_H

#include <pthread.h>
#include <stdbool.h>

/// The smallest pool that there can be: a stack under a mutex, with a condition variable for those who find it empty.
struct stack {
    pthread_mutex_t mutex;
    pthread_cond_t is_not_empty;
    int waiting;
    void **items;
    int count;
};

/// An empty one with room for `capacity`. False if there is no memory.
bool stack_make(struct stack *stack, int capacity);
void stack_free(struct stack *stack);

/// Takes the latest. Waits for one if there is none.
void *stack_acquire(struct stack *stack);
void stack_release(struct stack *stack, void *item);

#endif
