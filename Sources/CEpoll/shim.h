#ifndef CEPOLL_SHIM_H
#define CEPOLL_SHIM_H

// Swift's Glibc module leaves out epoll and eventfd. Empty on other systems, where nobody imports it.
#ifdef __linux__

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { cepoll_read = 1, cepoll_write = 2, cepoll_end = 4 };

static inline int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
static inline void cepoll_close(int descriptor) { close(descriptor); }
static inline int cepoll_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Watches a descriptor for all that can happen to it, edge-triggered; for one that is watched already, tells again what it is
// ready for. Returns 0 or an errno value.
static inline int cepoll_watch(int epoll, int descriptor, int is_new, uint64_t token) {
    struct epoll_event event = {0};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = token;
    return epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) == 0 ? 0 : errno;
}

static inline int cepoll_timerfd(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

// Makes a timer's descriptor readable again and again, each time after so many nanoseconds, less than a second; 0 ends that.
static inline void cepoll_set_timer(int timer, long nanoseconds) {
    struct itimerspec period = {{0, nanoseconds}, {0, nanoseconds}};
    timerfd_settime(timer, 0, &period, 0);
}

// Watches the descriptor of a timer, or the one by which other threads wake the loop, level-triggered.
static inline int cepoll_watch_signal(int epoll, int descriptor, uint64_t token) {
    struct epoll_event event = {0};
    event.events = EPOLLIN;
    event.data.u64 = token;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : errno;
}

static inline int cepoll_remove(int epoll, int descriptor) {
    struct epoll_event event = {0};
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event) == 0 ? 0 : errno;
}

// Returns how many events came; 0 after the time-out or a signal.
static inline int cepoll_wait(int epoll, uint64_t *tokens, int *interests, int capacity, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, capacity < 64 ? capacity : 64, milliseconds);
    for (int i = 0; i < count; i++) {
        uint32_t flags = events[i].events;
        // An error or the peer's end is seen by whoever reads or writes.
        int both = (flags & (EPOLLERR | EPOLLHUP)) ? cepoll_read | cepoll_write : 0;
        tokens[i] = events[i].data.u64;
        interests[i] = both | ((flags & (EPOLLIN | EPOLLRDHUP)) ? cepoll_read : 0) |
                       ((flags & EPOLLOUT) ? cepoll_write : 0) |
                       ((flags & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) ? cepoll_end : 0);
    }
    return count > 0 ? count : 0;
}

#endif
#endif
