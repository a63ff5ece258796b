/* SPDX-License-Identifier: Apache-2.0 */
#include "support/board.h"

#include "base/sha.h"

#include <string.h>

#define MS UINT64_C(1000000)

/* ---- files ---- */

static void put_le(uint8_t *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

void board_make_file(struct board_file *file, uint8_t major, uint8_t minor, uint32_t size)
{
    struct smpi_sha sha;
    memset(file, 0, sizeof(*file));
    WORLD_MUST(32 + size + 40 <= sizeof(file->data));
    put_le(file->data, SMP_MCUBOOT_MAGIC, 4);
    put_le(file->data + 8, 32, 2);
    put_le(file->data + 12, size, 4);
    file->data[20] = major;
    file->data[21] = minor;
    for (uint32_t i = 0; i < size; i++) {
        file->data[32 + i] = (uint8_t)(i * 7 + (i >> 8) * 31 + minor * 101 + major);
    }
    put_le(file->data + 32 + size, 0x00286907, 4);
    put_le(file->data + 36 + size, 0x00200010, 4);
    smpi_sha_init(&sha, SMPI_SHA256);
    smpi_sha_update(&sha, file->data, 32 + size);
    smpi_sha_final(&sha, file->hash);
    memcpy(file->data + 40 + size, file->hash, sizeof(file->hash));
    file->len = 32 + size + 40;
}

static void put_into(struct board_slot *slot, const struct board_file *file)
{
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    struct smp_source source;
    smp_source_memory(&source, file->data, file->len);
    slot->there = smp_mcuboot_image_check(&source, &image, NULL) == SMP_OK;
    memcpy(slot->hash, image.hash, sizeof(slot->hash));
    smp_mcuboot_version_text(&image.version, slot->version);
}

/* ---- its life ---- */

static void swap(struct board *board)
{
    struct board_slot old = board->slots[0];
    board->slots[0] = board->slots[1];
    board->slots[1] = old;
}

/* MCUboot's part: what runs next. */
static void boot(struct board *board)
{
    bool marked = board->pending || (board->no_marks && board->slots[1].there);
    bool permanent = board->permanent;
    board->pending = false;
    board->permanent = false;
    board->off = 0;
    if (!marked && !board->confirmed) { /* the trial is over */
        swap(board);
        board->confirmed = true;
    } else if (marked && board->fate == BOARD_REFUSED) {
        board->slots[1].there = false;
    } else if (marked && board->fate != BOARD_CRASHES) {
        swap(board);
        board->confirmed = permanent || board->fate == BOARD_KEPT;
    }
}

static void come_up(struct board *board)
{
    board->away = false;
    smp_server_power(board->server, true);
    if (board->link_falls) {
        smp_transport_up(board->world->near);
    }
}

static void go_down(struct board *board)
{
    board->resetting = false;
    board->away = true;
    smp_server_power(board->server, false);
    if (board->link_falls) {
        smp_transport_down(board->world->near, SMP_ERR_CLOSED, 0);
    }
    bool dies = board->fate == BOARD_DEAD && board->pending;
    boot(board);
    if (!dies) {
        smp_timer_start(board->timer, board->boot_ms * MS);
    }
}

static void on_timer(void *user)
{
    struct board *board = user;
    if (board->resetting) {
        go_down(board);
    } else if (board->away) {
        come_up(board);
    }
}

void board_power_cut(struct board *board)
{
    go_down(board);
}

void board_vanish(struct board *board)
{
    smp_timer_stop(board->timer);
    smp_server_power(board->server, false);
}

/* ---- commands ---- */

unsigned board_what(const struct smp_exchange *exchange)
{
    const struct smp_header *header = smp_exchange_header(exchange);
    return (unsigned)header->group << 16 | (unsigned)header->id << 8 | header->op;
}

void board_silent(struct smp_exchange *exchange)
{
    struct smp_exchange *later;
    WORLD_MUST(smp_exchange_defer(exchange, &later) == SMP_OK);
    smp_exchange_free(later);
}

static bool twisted(struct board *board, struct smp_exchange *exchange)
{
    return board->twist != NULL && board->twist(board, exchange);
}

static void reply_state(struct board *board, struct smp_exchange *exchange)
{
    struct smp_img_image images[2] = {{0}};
    const struct smp_img_image *list[2];
    struct smp_img_state_rsp rsp = {.size = sizeof(rsp), .images = list};
    for (size_t i = 0; i < 2; i++) {
        const struct board_slot *slot = &board->slots[i];
        bool old = i == 1 && !board->confirmed;
        if (!slot->there || (i == 1 && board->recovery)) {
            continue;
        }
        images[i] = (struct smp_img_image){
            .size = sizeof(images[i]),
            .slot = (uint32_t)i,
            .version = {slot->version, strlen(slot->version)},
            .has_hash = true,
            .hash = {slot->hash, sizeof(slot->hash)},
            .has_active = i == 0 && !board->recovery,
            .active = true,
            .has_confirmed = !board->recovery && ((i == 0 && board->confirmed) || old),
            .confirmed = true,
            .has_pending = i == 1 && board->pending && !board->flagless,
            .pending = true,
            .has_permanent = i == 1 && board->permanent,
            .permanent = true,
        };
        list[rsp.n_images++] = &images[i];
    }
    smp_exchange_reply(exchange, &rsp);
}

static void on_state_read(struct smp_exchange *exchange, const void *request, void *user)
{
    struct board *board = user;
    (void)request;
    if (!twisted(board, exchange)) {
        board->looks++;
        reply_state(board, exchange);
    }
}

static void reply_write(struct board *board, struct smp_exchange *exchange)
{
    const struct smp_img_state_rsp nothing = {.size = sizeof(nothing)};
    if (board->terse) {
        smp_exchange_reply(exchange, &nothing);
    } else {
        reply_state(board, exchange);
    }
}

static bool is_slot(const struct board_slot *slot, struct smp_bytes hash)
{
    return slot->there && hash.len == 32 && memcmp(slot->hash, hash.data, 32) == 0;
}

static void on_state_write(struct smp_exchange *exchange, const void *request, void *user)
{
    struct board *board = user;
    const struct smp_img_state_write_req *req = request;
    if (twisted(board, exchange)) {
        return;
    }
    bool first = !req->has_hash || is_slot(&board->slots[0], req->hash);
    if (board->no_marks) {
        smp_exchange_refuse(exchange, SMP_RC_NOT_SUPPORTED, NULL);
    } else if (first && !req->confirm) {
        smp_exchange_fail(exchange, SMP_IMG_RC_IMAGE_SETTING_TEST_TO_ACTIVE_DENIED, NULL);
    } else if (first) {
        board->confirms++;
        board->confirmed = board->confirmed || !board->ignores_yes;
        reply_write(board, exchange);
    } else if (!is_slot(&board->slots[1], req->hash)) {
        smp_exchange_fail(exchange, SMP_IMG_RC_HASH_NOT_FOUND, NULL);
    } else {
        board->marks++;
        board->pending = true;
        board->permanent = req->confirm;
        reply_write(board, exchange);
    }
}

static void on_upload(struct smp_exchange *exchange, const void *request, void *user)
{
    struct board *board = user;
    const struct smp_img_upload_req *req = request;
    struct smp_img_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true};
    if (twisted(board, exchange)) {
        return;
    }
    board->chunks++;
    if (req->off == 0 && req->has_len &&
        (board->off == 0 || memcmp(board->sha, req->sha.data, 32) != 0)) {
        board->uploads++;
        WORLD_MUST(req->len <= BOARD_SLOT && req->sha.len == 32);
        memcpy(board->sha, req->sha.data, 32);
        board->upload.len = req->len;
        board->off = 0;
        board->slots[board->recovery ? 0 : 1].there = false;
    }
    if (req->off == board->off && req->data.len <= board->upload.len - board->off) {
        memcpy(board->upload.data + board->off, req->data.data, req->data.len);
        board->off += req->data.len;
    }
    rsp.off = board->off;
    if (board->off == board->upload.len) {
        put_into(&board->slots[board->recovery ? 0 : 1], &board->upload);
        board->off = 0;
    }
    smp_exchange_reply(exchange, &rsp);
}

static void on_reset(struct smp_exchange *exchange, const void *request, void *user)
{
    struct board *board = user;
    (void)request;
    if (!twisted(board, exchange)) {
        board->resets++;
        board->resetting = true;
        smp_timer_start(board->timer, BOARD_RESET_MS * MS);
        smp_exchange_reply(exchange, NULL);
    }
}

static void on_params(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_params_rsp rsp = {.size = sizeof(rsp), .buf_size = 512, .buf_count = 4};
    (void)request;
    (void)user;
    smp_exchange_reply(exchange, &rsp);
}

void board_open(struct board *board, struct world *world, const struct board_file *file)
{
    const struct {
        uint16_t group;
        uint8_t id, op;
        smp_handler *handler;
    } handlers[] = {
        {0, 5, SMP_OP_WRITE, on_reset},     {0, 6, SMP_OP_READ, on_params},
        {1, 0, SMP_OP_READ, on_state_read}, {1, 0, SMP_OP_WRITE, on_state_write},
        {1, 1, SMP_OP_WRITE, on_upload},
    };
    const struct smp_server_options options = {
        .size = sizeof(options), .buf_size = 512, .buf_count = 4};
    board->world = world;
    board->boot_ms = 1000;
    board->confirmed = true;
    put_into(&board->slots[0], file);
    WORLD_MUST(smp_server_new(world->loop, &options, &board->server) == SMP_OK);
    WORLD_MUST(smp_server_listen(board->server, world->far) == SMP_OK);
    WORLD_MUST(smp_timer_new(world->loop, on_timer, board, &board->timer) == SMP_OK);
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        WORLD_MUST(smp_server_handle(board->server, handlers[i].group, handlers[i].id,
                                     handlers[i].op, handlers[i].handler, board) == SMP_OK);
    }
}

void board_close(struct board *board)
{
    smp_timer_free(board->timer);
    smp_server_free(board->server);
    memset(board, 0, sizeof(*board));
}
