/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile client of the simulated device: every handler of every profile.
 *
 * The first byte chooses a profile; then come packets, each with two bytes of length before it
 * (the low one first).  The length 0xffNN is no packet: NN * 16 ms pass.  The devices live on
 * from input to input, in folders of their own, with a secret beside each: whatever is sent, the
 * secret stays, nothing appears beside it, and what is stored stays within its limits.
 */
#include "device.h"
#include "tree.h"

#include <smp/smp.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUF_SIZE 1024u
#define FS_SIZE (16u * SIM_FS_BLOCK)
#define SECRET "nobody may read this"
/* slot0, slot1, fs, fs.open, settings, secret */
#define ENTRIES_MAX 6u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char *const profiles[] = {"zephyr-4.4", "zephyr-3.4", "zephyr-3.2", "mynewt",
                                       "mcuboot"};
#define PROFILES (sizeof(profiles) / sizeof(profiles[0]))

static struct world {
    char state[64];
    struct smp_fake_clock *clock;
    struct smp_loop *loop;
    struct smp_transport *transport;
    struct sim_device *device;
} worlds[PROFILES];

static void must(bool good)
{
    if (!good)
        abort();
}

/* Every answer fits the buffer, is a response, and can be read. */
static int on_answer(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct world *world = self;
    struct smp_result result = {.size = sizeof(result)};

    (void)peer;
    must(len >= SMP_HEADER_SIZE && len <= BUF_SIZE && (packet[0] & 1) == 1);
    smp_packet_decode(world->loop, packet, len, &result);
    must(result.error == SMP_OK || result.error == SMP_ERR_DEVICE ||
         result.error == SMP_ERR_MALFORMED || result.error == SMP_ERR_TOO_LARGE);
    return SMP_OK;
}

static size_t max_packet(void *self, const struct smp_peer *peer)
{
    (void)self;
    (void)peer;
    return SMP_PACKET_MAX;
}

static void on_event(enum sim_event event, const char *text, void *user)
{
    (void)user;
    must(event == SIM_EVENT_LINE || event == SIM_EVENT_DETAIL);
    for (; *text != '\0'; text++)
        must((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void write_secret(const struct world *world)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/secret", world->state);
    file = fopen(path, "w");
    must(file != NULL && fputs(SECRET, file) >= 0);
    fclose(file);
}

static void make(struct world *world, const char *profile)
{
    static const struct smp_transport_ops ops = {.size = sizeof(ops),
                                                 .kind = SMP_TRANSPORT_DATAGRAM,
                                                 .send = on_answer,
                                                 .max_packet = max_packet};
    struct smp_loop_options loop = {.size = sizeof(loop)};
    struct sim_device_options options = {
        .state = world->state,
        .slot_size = 8 * SIM_FLASH_SECTOR,
        .n_images = 1,
        .buf_size = BUF_SIZE,
        .buf_count = 4,
        .boot_ms = 100,
        .align = 1,
        .recovery = true,
        .profile = sim_profile_find(profile),
        .with = SIM_GROUP_TRANSPORT | SIM_GROUP_SUIT | SIM_GROUP_MEMFAULT,
        .fs_size = FS_SIZE,
        .event = on_event,
    };
    char error[1024];

    strcpy(world->state, "/tmp/smpsim-fuzz-XXXXXX");
    must(mkdtemp(world->state) != NULL);
    write_secret(world);
    must(smp_fake_clock_new(&world->clock) == SMP_OK);
    loop.clock = smp_fake_clock_get(world->clock);
    must(smp_loop_new(&loop, &world->loop) == SMP_OK);
    must(sim_device_new(world->loop, &options, &world->device, error, sizeof(error)) == SMP_OK);
    must(smp_transport_new(world->loop, &ops, world, &world->transport) == SMP_OK);
    must(sim_device_listen(world->device, world->transport) == SMP_OK);
}

static void unmake_all(void)
{
    for (size_t i = 0; i < PROFILES; i++) {
        struct world *world = &worlds[i];
        int folder;

        if (world->device == NULL)
            continue;
        sim_device_free(world->device);
        smp_transport_free(world->transport);
        smp_loop_free(world->loop);
        smp_fake_clock_free(world->clock);
        folder = open(world->state, O_RDONLY | O_DIRECTORY);
        sim_tree_wipe(folder);
        close(folder);
        rmdir(world->state);
    }
}

/* ---- what must hold after every input ---- */

static void check_secret(const struct world *world)
{
    char path[128], text[64] = "";
    FILE *file;

    snprintf(path, sizeof(path), "%s/secret", world->state);
    file = fopen(path, "r");
    must(file != NULL && fgets(text, sizeof(text), file) != NULL);
    fclose(file);
    must(strcmp(text, SECRET) == 0);
}

static void check_folder(const struct world *world)
{
    DIR *dir = opendir(world->state);
    const struct dirent *entry;
    unsigned count = 0;

    must(dir != NULL);
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(dir);
    must(count <= ENTRIES_MAX);
    must(sim_tree_blocks(world->device->fs.files.root) <= FS_SIZE / SIM_FS_BLOCK);
}

static void pass_time(struct world *world, uint64_t ms)
{
    smp_fake_clock_advance(world->clock, ms * SIM_NS_PER_MS);
    while (smp_loop_process(world->loop) == 1) {
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    atexit(unmake_all);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *world;

    if (size < 1)
        return 0;
    world = &worlds[data[0] % PROFILES];
    if (world->device == NULL)
        make(world, profiles[data[0] % PROFILES]);
    for (data++, size--; size >= 2;) {
        size_t len = data[0] | (size_t)data[1] << 8;

        data += 2;
        size -= 2;
        if (len >= 0xff00) {
            pass_time(world, (len & 0xff) * 16);
            continue;
        }
        if (len > size)
            len = size;
        smp_transport_received(world->transport, NULL, data, len);
        pass_time(world, 0);
        data += len;
        size -= len;
    }
    pass_time(world, 1000); /* resets are over, open files are closed */
    pass_time(world, 1000);
    must(world->device->phase != SIM_DEAD);
    check_secret(world);
    check_folder(world);
    return 0;
}
