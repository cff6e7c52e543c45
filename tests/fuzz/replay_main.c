/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target over stored inputs, so that everything a fuzzer ever found is tested by any
 * compiler.
 *
 * Inputs are the files named as arguments, or all files of the folder in the environment variable
 * RK_CORPUS. The empty input is always tried.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (!file || fstat(fileno(file), &status) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }

    /* Exactly the input's size, so that a read beyond it is seen by the address sanitizer. */
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size) {
        fprintf(stderr, "%s: not read: %s\n", path, strerror(errno));
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);
    if (count < 0) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        exit(1);
    }

    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        fprintf(stderr, "%s\n",
                entries[i]->d_name); /* The last line names the input that crashed. */
        replay_file(path);
        free(entries[i]);
    }
    free(entries);
    return count;
}

int main(int argc, char **argv)
{
    const char *corpus = getenv("RK_CORPUS");
    int count = argc - 1;

    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        replay_file(argv[i]);
    if (argc == 1 && corpus)
        count = replay_folder(corpus);
    printf("%d inputs\n", count);
    return 0;
}
