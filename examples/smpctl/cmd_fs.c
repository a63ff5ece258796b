/* SPDX-License-Identifier: Apache-2.0 */
/* fs status, hash, types, close. */
#include "commands.h"
#include "device.h"
#include "output.h"
#include "settings_value.h"

#include <smp/fs.h>

#include <inttypes.h>

#define HASH_MS 40000u /* the device reads the whole file first */

static int opt_offset;
static int opt_length;

struct poptOption fs_hash_options[] = {
    {"offset", 0, POPT_ARG_INT, &opt_offset, 0, "Begin there", "BYTES"},
    {"length", 0, POPT_ARG_INT, &opt_length, 0, "Take in so many bytes", "BYTES"},
    POPT_TABLEEND,
};

static void print_status(const struct smp_result *result)
{
    const struct smp_fs_status_rsp *rsp = result->rsp;
    fprintf(out, "%" PRIu64 " bytes\n", rsp->len);
}

int cmd_fs_status(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_fs_status_req req = {.size = sizeof req, .name = str_of(ctl->args[0])};
    smp_id id = 0;
    int error = smp_fs_status(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_status);
}

static void print_hash(const struct smp_result *result)
{
    const struct smp_fs_hash_rsp *rsp = result->rsp;
    put_text(out, rsp->type);
    fputs(": ", out);
    if (rsp->output.kind == SMP_KIND_UINT) {
        fprintf(out, "%08" PRIx64, rsp->output.as.uint); /* as crc32(1) and cksfv(1) do */
    } else if (rsp->output.kind == SMP_KIND_BYTES) {
        put_hex(out, rsp->output.as.bytes.data, rsp->output.as.bytes.len);
    } else {
        value_put(out, &rsp->output);
    }
    fprintf(out, "\n%" PRIu64 " bytes", rsp->len);
    if (rsp->has_off && rsp->off) {
        fprintf(out, " from %" PRIu64, rsp->off);
    }
    putc('\n', out);
}

int cmd_fs_hash(struct smpctl *ctl)
{
    const struct device_needs needs = {.patience_ms = HASH_MS};
    if (opt_offset < 0 || opt_length < 0) {
        return fail(ctl, STATUS_USAGE, "--offset and --length are not negative");
    }
    int status = device_open(ctl, &needs);
    if (status != STATUS_DONE) {
        return status;
    }
    struct smp_fs_hash_req req = {
        .size = sizeof req,
        .name = str_of(ctl->args[0]),
        .has_type = ctl->n_args > 1,
        .has_off = opt_offset > 0,
        .off = (uint64_t)opt_offset,
        .has_len = opt_length > 0,
        .len = (uint64_t)opt_length,
    };
    req.type = req.has_type ? str_of(ctl->args[1]) : req.type;
    smp_id id = 0;
    int error = smp_fs_hash(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_hash);
}

static void print_types(const struct smp_result *result)
{
    const struct smp_fs_hash_types_rsp *rsp = result->rsp;
    for (size_t i = 0; i < rsp->n_types; i++) {
        const struct smp_fs_hash_type *type = rsp->types[i];
        put_text(out, type->name);
        fprintf(out, ": %s of %" PRIu64 " bytes\n",
                type->format == SMP_FS_HASH_NUMBER ? "a number" : "a string", type->bytes);
    }
}

int cmd_fs_types(struct smpctl *ctl)
{
    return device_ask(ctl, smp_fs_hash_types, print_types);
}

int cmd_fs_close(struct smpctl *ctl)
{
    return device_ask(ctl, smp_fs_close, NULL);
}
