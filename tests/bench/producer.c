/* producer BYTES: so many bytes in lines of 80, as fast as a pipe takes them.
 * Without an argument: nothing at all, the smallest program there is. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[65520];

int main(int argc, char **argv) {
    if (argc < 2) return 0;
    memset(block, 'x', sizeof block);
    for (size_t i = 79; i < sizeof block; i += 80) block[i] = '\n';
    for (long long left = atoll(argv[1]); left > 0;) {
        ssize_t n = write(1, block, left < (long long)sizeof block ? (size_t)left : sizeof block);
        if (n <= 0) return 1;
        left -= n;
    }
    return 0;
}
