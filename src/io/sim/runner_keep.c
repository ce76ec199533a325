/* SPDX-License-Identifier: MIT
 *
 * Failing seeds in a file.  It is locked while it is read and written (flock(2)), so that runners
 * of different scenarios can share it.
 */
#include "io/sim/runner_keep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <weir/base/error.h>

enum { LINE = 256 };

/* The seed of a line if it is one of these, else false. */
static bool read_line(const char *line, const char *scenario, const char *profile, uint64_t *seed)
{
    char words[2][100];
    unsigned long long number;
    if (sscanf(line, "%99s %99s %llu", words[0], words[1], &number) != 3) return false;
    *seed = number;
    return strcmp(words[0], scenario) == 0 && strcmp(words[1], profile) == 0;
}

size_t weir_sim_keep_read(const char *path, const char *scenario, const char *profile,
                          uint64_t *seeds, size_t room)
{
    char line[LINE];
    size_t count = 0;
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    flock(fileno(file), LOCK_SH);
    while (count < room && fgets(line, sizeof line, file))
        count += read_line(line, scenario, profile, &seeds[count]);
    fclose(file);
    return count;
}

/* Copies the lines of others to `text`, which has room for `room` bytes.  Returns their length. */
static size_t others_of(FILE *file, const char *scenario, const char *profile, char *text,
                        size_t room)
{
    char line[LINE];
    size_t used = 0;
    uint64_t seed;
    while (fgets(line, sizeof line, file)) {
        const size_t length = strlen(line);
        if (read_line(line, scenario, profile, &seed) || used + length > room) continue;
        memcpy(text + used, line, length);
        used += length;
    }
    return used;
}

static bool write_locked(FILE *file, const char *scenario, const char *profile,
                         const uint64_t *seeds, size_t count)
{
    if (fseek(file, 0, SEEK_END) != 0) return false;
    const long size = ftell(file);
    char *others = size < 0 ? NULL : malloc((size_t)size + 1);
    if (!others) return false;
    rewind(file);
    const size_t length = others_of(file, scenario, profile, others, (size_t)size);
    rewind(file);
    bool good = ftruncate(fileno(file), 0) == 0;
    good &= fwrite(others, 1, length, file) == length;
    for (size_t i = 0; i < count; i++)
        good &= fprintf(file, "%s %s %llu\n", scenario, profile, (unsigned long long)seeds[i]) > 0;
    free(others);
    return good;
}

int weir_sim_keep_write(const char *path, const char *scenario, const char *profile,
                        const uint64_t *seeds, size_t count)
{
    FILE *file = fopen(path, "a+e"); /* made if it is not there */
    if (!file) return -errno;
    flock(fileno(file), LOCK_EX);
    const bool good = write_locked(file, scenario, profile, seeds, count);
    if (fclose(file) != 0) return -errno; /* which unlocks it */
    return good ? 0 : WEIR_EIO;
}
