/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences for what goes wrong with a port: what, who or whose, and what to do. */
#include "transports/serial_port.h"

#include <smp/error.h>

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- who holds it ---- */

/* Whether a process has the port open: one of its descriptors is a link to it. */
static bool has_open(const char *proc, const char *process, const char *path)
{
    char folder[PATH_MAX], link[PATH_MAX];
    snprintf(folder, sizeof(folder), "%.255s/%.32s/fd", proc, process);
    DIR *descriptors = opendir(folder);
    const struct dirent *entry;
    bool found = false;
    while (!found && descriptors != NULL && (entry = readdir(descriptors)) != NULL) {
        ssize_t len = -1;
        char name[PATH_MAX];
        if (snprintf(name, sizeof(name), "%.300s/%.32s", folder, entry->d_name) > 0) {
            len = readlink(name, link, sizeof(link) - 1);
        }
        if (len > 0) {
            link[len] = '\0';
            found = strcmp(link, path) == 0;
        }
    }
    if (descriptors != NULL) {
        closedir(descriptors);
    }
    return found;
}

static void name_process(const char *proc, const char *process, char *text, size_t size)
{
    char path[PATH_MAX], name[64] = "";
    snprintf(path, sizeof(path), "%.255s/%.32s/comm", proc, process);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(name, sizeof(name), file) != NULL) {
            name[strcspn(name, "\n")] = '\0';
        }
        fclose(file);
    }
    snprintf(text, size, "%s (process %.32s)", *name ? name : "a program", process);
}

bool smpi_port_holder(const char *proc, const char *path, char *text, size_t size)
{
    char real[PATH_MAX], self[32];
    DIR *processes = realpath(path, real) == NULL ? NULL : opendir(proc);
    const struct dirent *entry;
    bool found = false;
    snprintf(self, sizeof(self), "%ld", (long)getpid());
    while (!found && processes != NULL && (entry = readdir(processes)) != NULL) {
        const char *process = entry->d_name;
        if (strspn(process, "0123456789") == strlen(process) && strcmp(process, self) != 0 &&
            has_open(proc, process, real)) {
            found = true;
            name_process(proc, process, text, size);
        }
    }
    if (processes != NULL) {
        closedir(processes);
    }
    return found;
}

/* ---- sentences ---- */

static void explain_busy(const char *path, char *text, size_t size)
{
    char holder[128];
    if (smpi_port_holder("/proc", path, holder, sizeof(holder))) {
        snprintf(text, size, "%s is in use by %s: stop that first", path, holder);
    } else {
        snprintf(text, size,
                 "%s is in use by another program (a terminal, perhaps of another user): stop "
                 "that first",
                 path);
    }
}

static void explain_permission(const char *path, char *text, size_t size)
{
    struct stat status;
    const struct group *group = stat(path, &status) == 0 ? getgrgid(status.st_gid) : NULL;
    bool helps = group != NULL && status.st_gid != 0 &&
                 (status.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP);
    if (helps) {
        const struct passwd *user = getpwuid(getuid());
        snprintf(text, size,
                 "no permission for %s: it belongs to group %s; join it with `sudo usermod -aG %s "
                 "%s` and log in again",
                 path, group->gr_name, group->gr_name, user != NULL ? user->pw_name : "$USER");
    } else {
        snprintf(text, size, "no permission for %s: only its owner may use it (see `ls -l %s`)",
                 path, path);
    }
}

static void explain_system(const char *port, int system_error, char *text, size_t size)
{
    switch (system_error) {
    case EBUSY:
        explain_busy(port, text, size);
        break;
    case EACCES:
    case EPERM:
        explain_permission(port, text, size);
        break;
    case ENOTTY:
        snprintf(text, size, "%s is not a serial port", port);
        break;
    case EISDIR:
        snprintf(text, size, "%s is a folder, not a serial port", port);
        break;
    case EIO:
    case ENXIO:
    case ENODEV:
        snprintf(text, size, "%s is gone: unplugged, or the device has reset", port);
        break;
    default:
        snprintf(text, size, "%s: %s", port, strerror(system_error));
        break;
    }
}

static void explain_missing(const char *port, char *text, size_t size)
{
    if (smpi_port_is_usb(port)) {
        snprintf(text, size,
                 "no serial port is USB device %s: is it plugged in, and is it the right cable "
                 "(not all carry data)?",
                 port);
    } else {
        snprintf(text, size, "there is no %s: is the device plugged in and switched on?", port);
    }
}

const char *smp_serial_explain(const char *port, int error, int system_error, char *text,
                               size_t size)
{
    switch (error) {
    case SMP_ERR_NOT_FOUND:
        explain_missing(port, text, size);
        break;
    case SMP_ERR_EXISTS:
        snprintf(text, size,
                 "several serial ports are USB device %s: add the serial number, or say the path",
                 port);
        break;
    case SMP_ERR_SYSTEM:
        explain_system(port, system_error, text, size);
        break;
    case SMP_ERR_CLOSED:
        explain_system(port, system_error != 0 ? system_error : EIO, text, size);
        break;
    case SMP_ERR_INVALID:
        snprintf(text, size, "%s: the baud rate or another option is not possible there", port);
        break;
    default:
        snprintf(text, size, "%s: %s", port, smp_error_text(error));
        break;
    }
    return text;
}
