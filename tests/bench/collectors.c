/* Collectors for the benchmarks, by the name under which they are called:
 *   noop           does nothing
 *   lines BYTES    80-byte lines
 *   short BYTES    10-byte lines
 *   binary BYTES   every byte there is, NUL too
 *   flood BYTES    bytes without a newline
 *   pings COUNT    the monotonic time in nanoseconds, a line every 2 ms */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int put(const char *from, size_t length) {
    while (length > 0) {
        ssize_t count = write(1, from, length);
        if (count < 0) return 1;
        from += count;
        length -= (size_t)count;
    }
    return 0;
}

int main(int argc, char **argv) {
    static char block[80 * 800];
    const char *name = strrchr(argv[0], '/');
    name = name ? name + 1 : argv[0];
    long long left = argc > 1 ? atoll(argv[1]) : 0;
    if (!strcmp(name, "pings")) {
        for (; left > 0; left--) {
            struct timespec now, pause = {.tv_nsec = 2000000};
            char line[64];
            nanosleep(&pause, NULL);
            clock_gettime(CLOCK_MONOTONIC, &now);
            int length = sprintf(line, "%lld\n", (long long)now.tv_sec * 1000000000LL + now.tv_nsec);
            if (put(line, (size_t)length)) return 1;
        }
    } else if (strcmp(name, "noop")) {
        size_t length = !strcmp(name, "lines") ? 80 : !strcmp(name, "short") ? 10 : 0;
        memset(block, 'x', sizeof block);
        for (size_t i = length; length && i <= sizeof block; i += length) block[i - 1] = '\n';
        for (size_t i = 0; !strcmp(name, "binary") && i < sizeof block; i++) block[i] = (char)(i * 31);
        for (; left > 0; left -= (long long)sizeof block)
            if (put(block, left < (long long)sizeof block ? (size_t)left : sizeof block)) return 1;
    }
    return 0;
}
