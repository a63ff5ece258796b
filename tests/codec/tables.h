/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the codec's own tests, after those of the groups OS and IMG, so
 * that the codec can be tested without knowing a group.
 */
#ifndef TESTS_CODEC_TABLES_H
#define TESTS_CODEC_TABLES_H

#include "codec/table.h"

/* An image upload chunk and its answer. */
struct t_upload {
    size_t size;
    bool has_image;
    uint32_t image;
    bool has_len;
    uint64_t len;
    uint64_t off;
    bool has_sha;
    struct smp_bytes sha;
    bool has_data;
    struct smp_bytes data;
    bool has_upgrade;
    bool upgrade;
};

static const struct smp_field t_upload_fields[] = {
    SMPI_OPT(t_upload, "image", image), SMPI_OPT(t_upload, "len", len),
    SMPI_FIELD(t_upload, "off", off),   SMPI_OPT(t_upload, "sha", sha),
    SMPI_OPT(t_upload, "data", data),   SMPI_OPT(t_upload, "upgrade", upgrade),
};
static const struct smp_message t_upload = SMPI_MESSAGE(t_upload, t_upload_fields);

struct t_offset {
    size_t size;
    bool has_off;
    uint64_t off;
    bool has_match;
    bool match;
};

static const struct smp_field t_offset_fields[] = {
    SMPI_OPT(t_offset, "off", off),
    SMPI_OPT(t_offset, "match", match),
};
static const struct smp_message t_offset = SMPI_MESSAGE(t_offset, t_offset_fields);

/* Image state. */
struct t_image {
    size_t size;
    bool has_image;
    uint32_t image;
    uint32_t slot;
    struct smp_str version;
    bool has_hash;
    struct smp_bytes hash;
    bool has_bootable;
    bool bootable;
    bool has_pending;
    bool pending;
    bool has_confirmed;
    bool confirmed;
    bool has_active;
    bool active;
    bool has_permanent;
    bool permanent;
};

static const struct smp_field t_image_fields[] = {
    SMPI_OPT(t_image, "image", image),         SMPI_FIELD(t_image, "slot", slot),
    SMPI_FIELD(t_image, "version", version),   SMPI_OPT(t_image, "hash", hash),
    SMPI_OPT(t_image, "bootable", bootable),   SMPI_OPT(t_image, "pending", pending),
    SMPI_OPT(t_image, "confirmed", confirmed), SMPI_OPT(t_image, "active", active),
    SMPI_OPT(t_image, "permanent", permanent),
};
static const struct smp_message t_image = SMPI_MESSAGE(t_image, t_image_fields);

struct t_state {
    size_t size;
    size_t n_images;
    const struct t_image *const *images;
    bool has_split_status;
    int64_t split_status;
};

static const struct smp_field t_state_fields[] = {
    SMPI_LIST(t_state, "images", images, t_image, t_image),
    SMPI_OPT(t_state, "splitStatus", split_status),
};
static const struct smp_message t_state = SMPI_MESSAGE(t_state, t_state_fields);

/* Memory pools: a map by name, under two keys or in the root. */
struct t_pool {
    size_t size;
    struct smp_str name;
    bool has_block_size;
    uint64_t block_size;
    bool has_priority;
    int8_t priority;
};

static const struct smp_field t_pool_fields[] = {
    SMPI_FIELD(t_pool, "", name),
    SMPI_OPT(t_pool, "blksiz", block_size),
    SMPI_OPT(t_pool, "prio", priority),
};
static const struct smp_message t_pool = SMPI_MESSAGE(t_pool, t_pool_fields);

struct t_pools {
    size_t size;
    size_t n_pools;
    const struct t_pool *const *pools;
};

static const struct smp_field t_pools_fields[] = {
    SMPI_MAP_ALIAS(t_pools, "mpools", "tasks", pools, t_pool, t_pool, SMPI_FLAT),
};
static const struct smp_message t_pools = SMPI_MESSAGE(t_pools, t_pools_fields);

/* A root that is itself a map by name. */
static const struct smp_field t_root_fields[] = {
    SMPI_MAP(t_pools, "", pools, t_pool, t_pool),
};
static const struct smp_message t_root = SMPI_MESSAGE(t_pools, t_root_fields);

/* Statistics: a map of bare numbers. */
struct t_counter {
    size_t size;
    struct smp_str name;
    uint64_t value;
};

static const struct smp_field t_counter_fields[] = {
    SMPI_FIELD(t_counter, "", name),
    SMPI_FIELD(t_counter, "", value),
};
static const struct smp_message t_counter = SMPI_MESSAGE(t_counter, t_counter_fields);

struct t_counters {
    size_t size;
    size_t n_fields;
    const struct t_counter *const *fields;
};

static const struct smp_field t_counters_fields[] = {
    SMPI_MAP(t_counters, "fields", fields, t_counter, t_counter),
};
static const struct smp_message t_counters = SMPI_MESSAGE(t_counters, t_counters_fields);

/* Each kind and width there is. */
struct t_all {
    size_t size;
    bool has_b;
    bool b;
    bool has_u8;
    uint8_t u8;
    bool has_u16;
    uint16_t u16;
    bool has_u32;
    uint32_t u32;
    bool has_u64;
    uint64_t u64;
    bool has_i8;
    int8_t i8;
    bool has_i16;
    int16_t i16;
    bool has_i32;
    int32_t i32;
    bool has_i64;
    int64_t i64;
    bool has_str;
    struct smp_str str;
    bool has_bytes;
    struct smp_bytes bytes;
    bool has_value;
    struct smp_value value;
    size_t n_texts;
    const struct smp_str *texts;
    size_t n_numbers;
    const uint16_t *numbers;
    size_t n_signed_numbers;
    const int32_t *signed_numbers;
    size_t n_pools;
    const struct t_pool *const *pools;
    size_t n_images;
    const struct t_image *const *images;
    const struct t_offset *record;
};

static const struct smp_field t_all_fields[] = {
    SMPI_OPT(t_all, "b", b),
    SMPI_OPT(t_all, "u8", u8),
    SMPI_OPT(t_all, "u16", u16),
    SMPI_OPT(t_all, "u32", u32),
    SMPI_OPT(t_all, "u64", u64),
    SMPI_OPT(t_all, "i8", i8),
    SMPI_OPT(t_all, "i16", i16),
    SMPI_OPT(t_all, "i32", i32),
    SMPI_OPT(t_all, "i64", i64),
    SMPI_OPT(t_all, "str", str),
    SMPI_OPT(t_all, "bytes", bytes),
    SMPI_OPT(t_all, "value", value),
    SMPI_SCALARS(t_all, "texts", texts, SMPI_OPTIONAL),
    SMPI_SCALARS(t_all, "numbers", numbers, SMPI_OPTIONAL),
    SMPI_SCALARS(t_all, "signed", signed_numbers, SMPI_OPTIONAL),
    SMPI_MAP_ALIAS(t_all, "pools", "p", pools, t_pool, t_pool, SMPI_OPTIONAL),
    SMPI_LIST_OPT(t_all, "images", images, t_image, t_image),
    SMPI_RECORD(t_all, "record", record, t_offset, t_offset, SMPI_OPTIONAL),
};
static const struct smp_message t_all = SMPI_MESSAGE(t_all, t_all_fields);

/* A shell's answer: `rc` was its exit code once, `ret` is now. */
struct t_shell {
    size_t size;
    struct smp_str output;
    bool has_ret;
    int64_t ret;
    bool has_rc;
    int64_t rc;
};

static const struct smp_field t_shell_fields[] = {
    SMPI_FIELD(t_shell, "o", output),
    SMPI_OPT(t_shell, "ret", ret),
    SMPI_OPT(t_shell, "rc", rc),
};
static const struct smp_message t_shell =
    SMPI_MESSAGE_FLAGS(t_shell, t_shell_fields, SMPI_RC_IS_DATA);

#endif
