/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines, for a program that wants them.  Nothing else in the library prints. */
#include "core/loop.h"

#include "codec/dump.h"

#include <stdarg.h>
#include <stdio.h>

void smpi_log(struct smp_loop *loop, enum smp_log_level level, const char *format, ...)
{
    char text[512];
    if (loop->log == NULL || level > loop->log_level) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    smpi_enter_user(loop);
    loop->log(level, text, loop->log_user);
    smpi_leave_user(loop);
}

void smpi_log_packet(struct smp_loop *loop, const char *arrow, const uint8_t *packet, size_t len)
{
    char text[1024];
    if (loop->log == NULL || loop->log_level < SMP_LOG_DEBUG) {
        return;
    }
    int head = snprintf(text, sizeof(text), "%s ", arrow);
    smpi_packet_dump(&loop->registry, packet, len, text + head, sizeof(text) - (size_t)head);
    smpi_enter_user(loop);
    loop->log(SMP_LOG_DEBUG, text, loop->log_user);
    smpi_leave_user(loop);
}
