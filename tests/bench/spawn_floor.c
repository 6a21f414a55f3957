/* The least that running N collectors one after another can cost: posix_spawn in a
 * new process group, both pipes read to their end, waitpid, two log records.
 *
 * usage: spawn_floor N LOG PROGRAM [ARG ...] */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void record(int log, const char *what, int value) {
    struct timespec now;
    char line[128];
    clock_gettime(CLOCK_REALTIME, &now);
    int length = snprintf(line, sizeof line, "%lld.%09ld %s %d\n", (long long)now.tv_sec, now.tv_nsec, what, value);
    if (write(log, line, (size_t)length) != length) _exit(3);
}

static void drain(int out, int err) {
    static char buffer[64 << 10];
    struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};
    int open = 2;
    while (open > 0) {
        poll(fds, 2, -1);
        for (int i = 0; i < 2; i++) {
            if (fds[i].fd < 0 || !fds[i].revents) continue;
            ssize_t count = read(fds[i].fd, buffer, sizeof buffer);
            if (count <= 0) {
                fds[i].fd = -1;
                open--;
            }
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    int rounds = atoi(argv[1]);
    int log = open(argv[2], O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    int devnull = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < rounds; i++) {
        int out[2], err[2], status;
        if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return 3;
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, devnull, 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        posix_spawn_file_actions_adddup2(&actions, err[1], 2);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        posix_spawnattr_setpgroup(&attributes, 0);
        pid_t pid;
        if (posix_spawn(&pid, argv[3], &actions, &attributes, argv + 3, environ)) return 3;
        record(log, "started", pid);
        close(out[1]);
        close(err[1]);
        drain(out[0], err[0]);
        close(out[0]);
        close(err[0]);
        waitpid(pid, &status, 0);
        record(log, "ended", status);
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    return 0;
}
