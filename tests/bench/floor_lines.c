/* The least that tagging lines can cost: poll, read 64 KiB, find newlines with
 * memchr, write tag, time and line.
 * floor_lines PROGRAM ARGS.. >FILE: prints the wall time in nanoseconds on stderr. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static char buffer[65536], result[1 << 20];

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    struct timespec t, t2;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int out[2], pid, status;
    if (pipe2(out, O_CLOEXEC)) return 1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    if (posix_spawn(&pid, argv[1], &actions, NULL, argv + 1, environ)) return 1;
    close(out[1]);
    struct pollfd fd = {out[0], POLLIN, 0};
    size_t kept = 0;
    for (;;) {
        poll(&fd, 1, -1);
        ssize_t n = read(out[0], buffer + kept, sizeof buffer - kept);
        if (n <= 0) break;
        struct timespec at;
        struct tm tm;
        clock_gettime(CLOCK_REALTIME, &at);
        gmtime_r(&at.tv_sec, &tm);
        char tag[64];
        size_t tag_length = strftime(tag, sizeof tag, "[group/command] %H:%M:%S ", &tm);
        char *from = buffer, *end = buffer + kept + n, *newline, *to = result;
        while ((newline = memchr(from, '\n', end - from))) {
            memcpy(to, tag, tag_length);
            to += tag_length;
            memcpy(to, from, newline + 1 - from);
            to += newline + 1 - from;
            from = newline + 1;
        }
        kept = end - from;
        memmove(buffer, from, kept);
        if (write(1, result, to - result) < 0) return 1;
    }
    waitpid(pid, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &t2);
    fprintf(stderr, "%lld\n", (t2.tv_sec - t.tv_sec) * 1000000000LL + t2.tv_nsec - t.tv_nsec);
    return 0;
}
