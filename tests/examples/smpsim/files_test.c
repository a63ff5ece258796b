/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of a hostile client: none of them leads out of the folder. */
#include "files.h"

#include <smp/error.h>

#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char state[64];
static char secret[128];
static struct sim_files files;

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert(file != NULL, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void setup(void)
{
    char error[256];

    strcpy(state, "/tmp/smpsim-test-XXXXXX");
    cr_assert(mkdtemp(state) != NULL);
    snprintf(secret, sizeof(secret), "%s/secret", state);
    put(secret, "nobody may read this");
    sim_files_init(&files);
    cr_assert_eq(sim_files_open(&files, state, error, sizeof(error)), SMP_OK, "%s", error);
    files.mount = "/lfs";
    files.size = SIM_FS_SIZE;
}

static void teardown(void)
{
    char command[128];

    sim_files_close(&files);
    snprintf(command, sizeof(command), "rm -r %s", state);
    cr_assert_eq(system(command), 0);
}

TestSuite(files, .init = setup, .fini = teardown);

static uint16_t read_path(const char *path, size_t len)
{
    struct sim_place place;
    uint64_t length;
    uint16_t rc = sim_files_find(&files, (struct smp_str){path, len}, &place);

    if (rc == SMP_FS_RC_OK) {
        rc = sim_files_length(&place, &length);
        sim_place_close(&place);
    }
    return rc;
}

static uint16_t write_path(const char *path, size_t len)
{
    static const uint8_t data[] = "overwritten";
    struct sim_place place;
    struct sim_copy copy;
    uint16_t rc = sim_files_find(&files, (struct smp_str){path, len}, &place);

    if (rc != SMP_FS_RC_OK)
        return rc;
    rc = sim_copy_open(&files, &place, &copy);
    if (rc == SMP_FS_RC_OK) {
        rc = sim_copy_add(&copy, (struct smp_bytes){data, sizeof(data) - 1});
        sim_copy_keep(&files, &copy);
    }
    sim_place_close(&place);
    return rc;
}

static void assert_secret_is_safe(void)
{
    char text[64] = "";
    FILE *file = fopen(secret, "r");

    cr_assert(file != NULL, "it is gone");
    cr_assert(fgets(text, sizeof(text), file) != NULL);
    fclose(file);
    cr_assert_str_eq(text, "nobody may read this");
}

static unsigned entries_in_state(void)
{
    char command[128], text[16] = "";
    FILE *pipe;

    snprintf(command, sizeof(command), "find %s | wc -l", state);
    pipe = popen(command, "r");
    cr_assert(pipe != NULL && fgets(text, sizeof(text), pipe) != NULL);
    pclose(pipe);
    return (unsigned)atoi(text);
}

Test(files, no_path_leads_out)
{
    static const struct {
        const char *path;
        size_t len; /* 0: all of it */
    } bad[] = {
        {"/lfs/../secret", 0},
        {"/lfs/./../secret", 0},
        {"/lfs/..", 0},
        {"/lfs/.", 0},
        {"/lfs/x/../../secret", 0},
        {"/lfs/../fs/../secret", 0},
        {"../secret", 0},
        {"secret", 0},
        {"/secret", 0},
        {"/lfs../secret", 0},
        {"/", 0},
        {"//", 0},
        {"//lfs/x", 0},
        {"/lfs", 0},
        {"/lfs//", 0},
        {"/lfs/a\0b", 8},
        {"/lfs/\0", 6},
        {"/lfs/a\nb", 0},
        {"/lfs/\x1b[2J", 0},
        {"/lfs/x/", 0}, /* a file is no folder */
    };
    unsigned before;
    char path[128];

    snprintf(path, sizeof(path), "%s/fs/x", state);
    put(path, "a file");
    before = entries_in_state();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]) - 1; i++) {
        size_t len = bad[i].len != 0 ? bad[i].len : strlen(bad[i].path);

        cr_assert_neq(read_path(bad[i].path, len), SMP_FS_RC_OK, "%s is read", bad[i].path);
        cr_assert_neq(write_path(bad[i].path, len), SMP_FS_RC_OK, "%s is written", bad[i].path);
    }
    cr_assert_eq(entries_in_state(), before, "something was made");
    assert_secret_is_safe();
}

Test(files, a_path_that_is_too_long_is_none)
{
    char path[SIM_PATH_MAX + 2] = "/lfs/";

    memset(path + 5, 'x', SIM_PATH_MAX + 1 - 5);
    cr_assert_eq(write_path(path, SIM_PATH_MAX + 1), SMP_FS_RC_FILE_INVALID_NAME);
    cr_assert_eq(write_path(path, SIM_PATH_MAX), SMP_FS_RC_OK);
    cr_assert_eq(read_path("", 0), SMP_FS_RC_FILE_INVALID_NAME);
}

/* Links can only come from whoever has the machine, and are not followed even so. */
Test(files, links_are_not_followed)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/fs/link", state);
    cr_assert_eq(symlink("../secret", path), 0);
    snprintf(path, sizeof(path), "%s/fs/up", state);
    cr_assert_eq(symlink("..", path), 0);
    cr_assert_eq(read_path("/lfs/link", 9), SMP_FS_RC_UNKNOWN);
    cr_assert_eq(write_path("/lfs/link", 9), SMP_FS_RC_UNKNOWN);
    cr_assert_neq(read_path("/lfs/up/secret", 14), SMP_FS_RC_OK);
    cr_assert_neq(write_path("/lfs/up/secret", 14), SMP_FS_RC_OK);
    cr_assert_neq(write_path("/lfs/up/other", 13), SMP_FS_RC_OK);
    assert_secret_is_safe();
}

Test(files, a_pipe_does_not_block)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/fs/pipe", state);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(read_path("/lfs/pipe", 9), SMP_FS_RC_UNKNOWN);
    cr_assert_eq(write_path("/lfs/pipe", 9), SMP_FS_RC_UNKNOWN);
}

Test(files, wiping_stays_inside)
{
    char path[128], outside[128];

    snprintf(outside, sizeof(outside), "%s/outside", state);
    cr_assert_eq(mkdir(outside, 0700), 0);
    snprintf(path, sizeof(path), "%s/outside/file", state);
    put(path, "stays");
    snprintf(path, sizeof(path), "%s/fs/link", state);
    cr_assert_eq(symlink(outside, path), 0);
    snprintf(path, sizeof(path), "%s/fs/dir", state);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/fs/dir/file", state);
    put(path, "goes");
    sim_files_wipe(&files);
    cr_assert_neq(access(path, F_OK), 0, "the files are gone");
    snprintf(path, sizeof(path), "%s/outside/file", state);
    cr_assert_eq(access(path, F_OK), 0, "what a link leads to is not");
    assert_secret_is_safe();
    cr_assert_eq(read_path("/lfs/x", 6), SMP_FS_RC_UNKNOWN);
}

Test(files, no_descriptor_is_left_open)
{
    int before = open("/dev/null", O_RDONLY), after;

    close(before);
    for (int i = 0; i < 20; i++) {
        read_path("/lfs/no/such/file", 17);
        read_path("/lfs/../x", 9);
        write_path("/lfs/a", 6);
        write_path("/lfs/no/a", 9);
        read_path("/lfs/a", 6);
    }
    after = open("/dev/null", O_RDONLY);
    close(after);
    cr_assert_eq(after, before);
}
