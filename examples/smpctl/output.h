/* SPDX-License-Identifier: Apache-2.0 */
/* What the user sees: text without tricks, JSON documents, errors. */
#ifndef SMPCTL_OUTPUT_H
#define SMPCTL_OUTPUT_H

#include <smp/message.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct smpctl;

/* Where the text of the command that runs now goes: standard output, or what collects it. */
extern FILE *out;

/* Writes out what standard output holds back, and remembers when that fails. */
void flush_output(void);
bool output_failed(void);

/* A C string as the library's text. */
struct smp_str str_of(const char *text);

/*
 * Writes text that came from a device, so that it cannot command the terminal:
 * control characters, direction marks and what is not UTF-8 are shown as \xNN.
 */
void put_text(FILE *file, struct smp_str text);

/* The same, but line feeds and tabs stay. */
void put_lines(FILE *file, struct smp_str text);

/*
 * Writes what a device's shell printed: lines, with the colours it chose when
 * they may be shown (colour.h).  All other escape sequences are escaped.
 */
void put_coloured(FILE *file, struct smp_str text, bool colours);

/* Writes the name of a device, above what it said. */
void put_heading(FILE *file, const char *name);

/* Writes bytes in lower-case hexadecimal. */
void put_hex(FILE *file, const uint8_t *data, size_t len);

/*
 * Reports an error on standard error, and as a JSON document if that is wanted.
 * Returns the status, so that a command can end with `return fail(...)`.
 */
int fail(struct smpctl *ctl, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reports how a request ended, when it did not end well.  Returns the status. */
int fail_result(struct smpctl *ctl, const struct smp_result *result);

/* The same with a sentence of its own. */
int fail_text(struct smpctl *ctl, int status, const struct smp_result *result, struct smp_str text);

/* Reports an error that a call into the library returned at once. */
int fail_error(struct smpctl *ctl, int error);

/* Writes a remark to standard error. */
void note(struct smpctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the JSON document of a command that succeeded; takes over result. */
int put_result(struct smpctl *ctl, json_t *result);

/* Prints one JSON value on a line of its own; takes it over. */
void put_json(json_t *json);

/* Makes sure that everything was written.  Returns the status to exit with. */
int output_close(struct smpctl *ctl, int status);

#endif
