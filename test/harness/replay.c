/* SPDX-License-Identifier: MIT
 *
 * Replays a fuzz corpus without libFuzzer: calls the target once with the empty input and once for
 * each file in the folders (or of the names) given, so that every compiler and machine runs it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    /* Exactly as long as the input, so that the sanitizer sees a read past its end. */
    uint8_t *data = malloc(size ? size : 1);
    int result = -1;
    if (file && data && fread(data, 1, size, file) == size) {
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(data, size);
        result = 1;
    } else {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    }
    free(data);
    if (file) fclose(file);
    return result;
}

/* Returns how many inputs ran, negative when one could not be read. */
static int replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) return errno == ENOENT ? 0 : -1;
    if (!S_ISDIR(info.st_mode)) return replay_file(path, (size_t)info.st_size);
    DIR *dir = opendir(path);
    if (!dir) return -1;
    int total = 0;
    for (struct dirent *entry; total >= 0 && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        char inner[4096];
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        int count = replay(inner);
        total = count < 0 ? count : total + count;
    }
    closedir(dir);
    return total;
}

int main(int argc, char **argv)
{
    int total = 0;
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        int count = replay(argv[i]);
        if (count < 0) return 1;
        total += count;
    }
    printf("%d inputs\n", total);
    return 0;
}
