/* SPDX-License-Identifier: Apache-2.0 */
/* An upload of random bytes to a device that is as good or bad as a test wants. */
#ifndef TESTS_CORE_UPLOAD_H
#define TESTS_CORE_UPLOAD_H

#include "support/flash.h"
#include "support/note.h"

#include <criterion/criterion.h>

#include <string.h>

/* Set before begin(): world.faults, flash.options and flash.twist, and both options. */
static struct world world;
static struct flash flash;
static struct note note;
static struct smp_session_options session_options;
static struct smp_img_upload_options upload_options;
static struct smp_source source;
static uint8_t image[FLASH_SIZE];
static bool is_open;

static inline void make_image(size_t len)
{
    uint32_t random = 12345;
    for (size_t i = 0; i < len; i++) {
        random = random * 1664525 + 1013904223;
        image[i] = (uint8_t)(random >> 24);
    }
    smp_source_memory(&source, image, len);
}

static inline void open_all(void)
{
    is_open = true;
    session_options.size = sizeof(session_options);
    upload_options.size = sizeof(upload_options);
    cr_assert_eq(world_open(&world, &session_options), SMP_OK);
    cr_assert_eq(flash_open(&flash, &world), SMP_OK);
}

static inline void close_all(void)
{
    if (is_open) {
        flash_close(&flash);
        world_close(&world);
    }
    is_open = false;
}

/* Begins an upload of `len` bytes. */
static inline void begin(size_t len)
{
    make_image(len);
    open_all();
    cr_assert_eq(
        smp_img_upload(world.session, &source, &upload_options, note_result, &note, &note.id),
        SMP_OK);
    cr_assert_eq(note.calls, 0);
}

/* Lets it run to its end, which must come within `limit_ms`. */
static inline void finish(uint64_t limit_ms)
{
    while (note.calls == 0 && world_now(&world) < limit_ms) {
        world_pass(&world, 10);
    }
    cr_assert_eq(note.calls, 1, "no end after %llu ms", (unsigned long long)limit_ms);
}

static inline void check_all_arrived(void)
{
    cr_assert_eq(note.error, SMP_OK, "%s", smp_error_name(note.error));
    cr_assert(flash.done);
    cr_assert_eq(flash.len, source.length);
    cr_assert_eq(memcmp(flash.data, image, source.length), 0);
}

static inline void check_no_overrun(void)
{
    cr_assert_eq(flash.overrun, 0, "%u requests found no buffer", flash.overrun);
    cr_assert_eq(flash.starved, 0, "%u requests found no buffer for their answer", flash.starved);
}

/* What may happen to an upload at any time. */
typedef void act(void);

static inline void cancel(void)
{
    cr_assert_eq(smp_session_cancel(world.session, note.id), SMP_OK);
}

static inline void free_session(void)
{
    smp_session_free(world.session);
    world.session = NULL;
}

#endif
