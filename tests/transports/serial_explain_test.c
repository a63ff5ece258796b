/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/serial_port.h"

#include <smp/error.h>

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_words(int error, int system_error, const char *words)
{
    char text[512], copy[256];
    cr_expect_eq(smp_serial_explain("/dev/ttyX7", error, system_error, text, sizeof(text)), text);
    strcpy(copy, words);
    for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|")) {
        cr_expect_not_null(strstr(text, word), "\"%s\" is not in \"%s\"", word, text);
    }
    cr_expect_null(strchr(text, '\n'));
}

Test(serial_explain, each_trouble_has_its_sentence)
{
    expect_words(SMP_ERR_NOT_FOUND, 0, "/dev/ttyX7|plugged in");
    expect_words(SMP_ERR_SYSTEM, EBUSY, "/dev/ttyX7|in use");
    expect_words(SMP_ERR_SYSTEM, EACCES, "/dev/ttyX7|permission");
    expect_words(SMP_ERR_SYSTEM, ENOTTY, "/dev/ttyX7|not a serial port");
    expect_words(SMP_ERR_SYSTEM, EISDIR, "/dev/ttyX7|folder");
    expect_words(SMP_ERR_SYSTEM, EMFILE, "/dev/ttyX7|open files");
    expect_words(SMP_ERR_CLOSED, EIO, "/dev/ttyX7|gone|unplugged");
    expect_words(SMP_ERR_CLOSED, 0, "/dev/ttyX7|gone");
    expect_words(SMP_ERR_INVALID, 0, "/dev/ttyX7|baud rate");
    expect_words(SMP_ERR_NO_MEMORY, 0, "/dev/ttyX7|memory");
}

Test(serial_explain, usb_devices)
{
    char text[256];
    smp_serial_explain("2fe3:0100", SMP_ERR_NOT_FOUND, 0, text, sizeof(text));
    cr_expect(strstr(text, "2fe3:0100") && strstr(text, "cable"), "%s", text);
    smp_serial_explain("2fe3:0100", SMP_ERR_EXISTS, 0, text, sizeof(text));
    cr_expect(strstr(text, "several") && strstr(text, "serial number"), "%s", text);
}

Test(serial_explain, a_short_room_cuts_the_sentence)
{
    char text[64];
    memset(text, 'x', sizeof(text));
    smp_serial_explain("/dev/a/path/that/is/longer/than/the/room/there/is", SMP_ERR_NOT_FOUND, 0,
                       text, sizeof(text));
    cr_expect_lt(strnlen(text, sizeof(text)), sizeof(text));
}

#if defined(__linux__)

Test(serial_explain, names_the_program_that_holds_the_port)
{
    char path[] = "/tmp/smp-held-XXXXXX", text[256], wanted[64];
    int ends[2];
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && pipe(ends) == 0);
    close(fd); /* it does not count that we have it */
    pid_t child = fork();
    if (child == 0) {
        if (open(path, O_RDWR) < 0 || write(ends[1], "x", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    cr_assert_eq(read(ends[0], text, 1), 1);
    cr_expect(smpi_port_holder("/proc", path, text, sizeof(text)));
    snprintf(wanted, sizeof(wanted), "(process %ld)", (long)child);
    cr_expect(strstr(text, wanted), "%s", text);
    smp_serial_explain(path, SMP_ERR_SYSTEM, EBUSY, text, sizeof(text));
    cr_expect(strstr(text, wanted), "%s", text);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    cr_expect_not(smpi_port_holder("/proc", path, text, sizeof(text)));
    cr_expect_not(smpi_port_holder("/nowhere", path, text, sizeof(text)));
    cr_expect_not(smpi_port_holder("/proc", "/nowhere/at/all", text, sizeof(text)));
    unlink(path);
}

#endif
