#include "stack.h"

#include <stdlib.h>

bool stack_make(struct stack *stack, int capacity) {
    *stack = (struct stack){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, NULL, 0};
    stack->items = calloc((size_t)capacity, sizeof *stack->items);
    return stack->items != NULL;
}

void stack_free(struct stack *stack) { free(stack->items); }

void *stack_acquire(struct stack *stack) {
    pthread_mutex_lock(&stack->mutex);
    while (stack->count == 0) {
        stack->waiting++;
        pthread_cond_wait(&stack->is_not_empty, &stack->mutex);
        stack->waiting--;
    }
    void *item = stack->items[--stack->count];
    pthread_mutex_unlock(&stack->mutex);
    return item;
}

void stack_release(struct stack *stack, void *item) {
    pthread_mutex_lock(&stack->mutex);
    stack->items[stack->count++] = item;
    bool is_awaited = stack->waiting > 0;
    pthread_mutex_unlock(&stack->mutex);
    if (is_awaited) pthread_cond_signal(&stack->is_not_empty);
}
