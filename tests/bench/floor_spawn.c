/* The least that running a program N times can cost: posix_spawn with a new process
 * group, two pipes read to their end, waitpid, and two log records per program.
 * floor_spawn N PROGRAM LOG: prints the wall time in nanoseconds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static char buffer[65536];

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void record(int log, const char *what, int pid) {
    char line[128];
    int n = snprintf(line, sizeof line, "%lld %s %d\n", now(), what, pid);
    if (write(log, line, n) != n) exit(1);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int log = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    long long start = now();
    for (int i = atoi(argv[1]); i > 0; i--) {
        int out[2], err[2];
        if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return 1;
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        posix_spawn_file_actions_adddup2(&actions, err[1], 2);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        char *args[] = {argv[2], NULL};
        int pid;
        if (posix_spawn(&pid, argv[2], &actions, &attributes, args, environ)) return 1;
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
        close(out[1]);
        close(err[1]);
        record(log, "started", pid);
        struct pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
        int open_pipes = 2;
        while (open_pipes) {
            poll(fds, 2, -1);
            for (int k = 0; k < 2; k++)
                if (fds[k].fd >= 0 && fds[k].revents && read(fds[k].fd, buffer, sizeof buffer) <= 0) {
                    close(fds[k].fd);
                    fds[k].fd = -1;
                    open_pipes--;
                }
        }
        int status;
        waitpid(pid, &status, 0);
        record(log, "exited", status);
    }
    printf("%lld\n", now() - start);
    return 0;
}
