/* SPDX-License-Identifier: Apache-2.0 */
/* Image upload by the rules of protocol.md 4.2.2 and 10, chunk by chunk. */
#include "rig.h"

static struct rig rig;
static struct blob app;

static void setup(void)
{
    rig_init(&rig);
    blob_read(&app, APP_110);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(upload, .init = setup, .fini = teardown);

/* The first chunk, as a good client sends it. */
static struct smp_img_upload_req first(size_t len)
{
    return (struct smp_img_upload_req){
        .size = sizeof(struct smp_img_upload_req),
        .has_len = true,
        .len = app.len,
        .has_sha = true,
        .sha = {app.sha, 32},
        .has_data = true,
        .data = {app.data, len},
    };
}

static struct smp_img_upload_req later(uint64_t off, size_t len)
{
    return (struct smp_img_upload_req){
        .size = sizeof(struct smp_img_upload_req),
        .off = off,
        .has_data = true,
        .data = {app.data + off, len},
    };
}

struct answer {
    int64_t rc;
    int64_t off; /* -1: absent */
    int match;   /* -1: absent */
};

static struct answer send(const struct smp_img_upload_req *req)
{
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_IMG, 1, SMP_OP_WRITE, req);
    const struct smp_img_upload_rsp *rsp = result->rsp;
    struct answer answer = {rig_rc(result), -1, -1};

    if (rsp != NULL && rsp->has_off)
        answer.off = (int64_t)rsp->off;
    if (rsp != NULL && rsp->has_match)
        answer.match = rsp->match;
    return answer;
}

#define EXPECT(req, rc_, off_, match_)                                                             \
    do {                                                                                           \
        struct smp_img_upload_req r_ = (req);                                                      \
        struct answer a_ = send(&r_);                                                              \
        cr_assert(a_.rc == (rc_) && a_.off == (off_) && a_.match == (match_),                      \
                  "line %d: rc %d off %d match %d", __LINE__, (int)a_.rc, (int)a_.off, a_.match);  \
    } while (0)

/* Everything from `off` on; returns the last answer. */
static struct answer finish(size_t off)
{
    struct answer answer = {0, (int64_t)off, -1};

    while (answer.rc == 0 && answer.off >= 0 && (size_t)answer.off < app.len) {
        size_t left = app.len - (size_t)answer.off;
        struct smp_img_upload_req req = later((uint64_t)answer.off, left < 1024 ? left : 1024);

        answer = send(&req);
    }
    return answer;
}

Test(upload, ends_with_a_match)
{
    struct answer end;

    rig_start(&rig);
    EXPECT(first(512), 0, 512, -1);
    end = finish(512);
    cr_assert(end.rc == 0 && end.off == (int64_t)app.len && end.match == 1);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed; 1:1.1.0");
}

Test(upload, tells_what_does_not_match)
{
    struct answer end;

    rig_start(&rig);
    app.sha[0] ^= 1;
    EXPECT(first(512), 0, 512, -1);
    end = finish(512);
    cr_assert(end.rc == 0 && end.match == 0);
}

Test(upload, without_a_whole_sha_nothing_matches)
{
    struct smp_img_upload_req req = first(512);

    rig_start(&rig);
    req.sha.len = 8;
    EXPECT(req, 0, 512, -1);
    cr_assert_eq(finish(512).match, 0);
    req.has_sha = false;
    EXPECT(req, 0, 512, -1);
    cr_assert_eq(finish(512).match, 0);
}

Test(upload, skips_identical_data)
{
    rig_start(&rig);
    EXPECT(first(512), 0, 512, -1);
    finish(512);
    EXPECT(first(512), 0, (int64_t)app.len, 1);
}

Test(upload, wrong_offsets_are_no_errors)
{
    rig_start(&rig);
    EXPECT(later(512, 100), 0, 0, -1); /* nothing begun */
    EXPECT(first(512), 0, 512, -1);
    EXPECT(later(512, 512), 0, 1024, -1);
    EXPECT(later(512, 512), 0, 1024, -1); /* again: its answer was lost */
    EXPECT(later(20000, 100), 0, 1024, -1);
    EXPECT(later(1024, 0), 0, 1024, -1);
    cr_assert_eq(finish(1024).match, 1, "nothing of that was written");
}

Test(upload, resumes_by_sha_only)
{
    struct smp_img_upload_req req = first(512);

    rig_start(&rig);
    EXPECT(first(512), 0, 512, -1);
    EXPECT(later(512, 1000), 0, 1512, -1);
    EXPECT(first(512), 0, 1512, -1);
    cr_assert(rig_told(&rig, "taken up at 1512"), "%s", rig.events);
    req.has_sha = false;
    EXPECT(req, 0, 512, -1); /* a new one */
}

Test(upload, of_another_length_is_another)
{
    struct smp_img_upload_req req = first(512);

    rig_start(&rig);
    EXPECT(first(512), 0, 512, -1);
    EXPECT(later(512, 1000), 0, 1512, -1);
    req.len--;
    EXPECT(req, 0, 512, -1);
}

Test(upload, is_forgotten_at_a_reset)
{
    rig_start(&rig);
    EXPECT(first(512), 0, 512, -1);
    rig_reset(&rig);
    EXPECT(later(512, 512), 0, 0, -1);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed");
}

Test(upload, is_forgotten_at_an_erase)
{
    rig_start(&rig);
    EXPECT(first(512), 0, 512, -1);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_IMG, 5, SMP_OP_WRITE, NULL)), 0);
    EXPECT(later(512, 512), 0, 0, -1);
    EXPECT(first(512), 0, 512, -1);
    cr_assert_eq(finish(512).match, 1);
}

Test(upload, refuses_bad_first_chunks)
{
    struct smp_img_upload_req req;
    static const uint8_t zeros[64], sha[33];

    rig_start(&rig);
    EXPECT(first(31), SMP_IMG_RC_INVALID_IMAGE_HEADER, -1, -1);
    req = first(512);
    req.has_data = false;
    EXPECT(req, SMP_IMG_RC_INVALID_IMAGE_HEADER, -1, -1);
    req = first(512);
    req.has_len = false;
    EXPECT(req, SMP_IMG_RC_INVALID_LENGTH, -1, -1);
    req = first(512);
    req.data = (struct smp_bytes){zeros, sizeof(zeros)};
    EXPECT(req, SMP_IMG_RC_INVALID_IMAGE_HEADER_MAGIC, -1, -1);
    req = first(512);
    req.sha = (struct smp_bytes){sha, sizeof(sha)};
    EXPECT(req, SMP_IMG_RC_INVALID_HASH, -1, -1);
    req = first(512);
    req.len = rig.device_options.slot_size;
    EXPECT(req, SMP_IMG_RC_INVALID_IMAGE_TOO_LARGE, -1, -1);
    req.len = UINT64_MAX;
    EXPECT(req, SMP_IMG_RC_INVALID_IMAGE_TOO_LARGE, -1, -1);
    req = first(512);
    req.len = 100;
    EXPECT(req, SMP_IMG_RC_INVALID_IMAGE_DATA_OVERRUN, -1, -1);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed");
}

Test(upload, takes_exactly_the_largest_image)
{
    struct smp_img_upload_req req = first(512);

    rig_start(&rig);
    req.len = sim_boot_max_image(sim_device_slot(rig.device, 1));
    EXPECT(req, 0, 512, -1);
    req.len++;
    EXPECT(req, SMP_IMG_RC_INVALID_IMAGE_TOO_LARGE, -1, -1);
}

Test(upload, ends_at_an_overrun)
{
    rig_start(&rig);
    EXPECT(first(512), 0, 512, -1);
    for (size_t off = 512; off + 1024 < app.len;) {
        struct smp_img_upload_req req = later(off, 1024);

        off = (size_t)send(&req).off;
        if (off + 1024 >= app.len) {
            req = later(off, app.len - off + 1);
            EXPECT(req, SMP_IMG_RC_INVALID_IMAGE_DATA_OVERRUN, -1, -1);
            EXPECT(later(off, 10), 0, 0, -1); /* the session is gone */
            return;
        }
    }
    cr_assert_fail("the end was not reached");
}

Test(upload, upgrade_means_newer)
{
    struct smp_img_upload_req req = first(512);

    rig_start(&rig);
    req.has_upgrade = req.upgrade = true;
    EXPECT(req, 0, 512, -1); /* 1.1.0 over 1.0.0 */
    blob_read(&app, APP_100);
    req = first(512);
    req.has_upgrade = req.upgrade = true;
    EXPECT(req, SMP_IMG_RC_CURRENT_VERSION_IS_NEWER, -1, -1); /* the same is not newer */
    app.data[24] = 7;                                         /* the build number does not count */
    EXPECT(req, SMP_IMG_RC_CURRENT_VERSION_IS_NEWER, -1, -1);
    req.upgrade = false;
    EXPECT(req, 0, 512, -1);
}

Test(upload, the_image_number_counts_only_with_several)
{
    struct smp_img_upload_req req = first(512);

    rig_start(&rig);
    req.has_image = true;
    req.image = 7;
    EXPECT(req, 0, 512, -1);
    rig_stop(&rig);
    rig.device_options.n_images = 2;
    rig_start(&rig);
    EXPECT(req, SMP_IMG_RC_NO_FREE_SLOT, -1, -1);
    req.image = 1;
    EXPECT(req, 0, 512, -1);
    cr_assert_eq(finish(512).match, 1);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed; 3:1.1.0");
}

Test(upload, is_refused_during_a_trial_only)
{
    struct blob other;

    rig_start(&rig);
    cr_assert_eq(rig_upload(&rig, &app), SMP_OK);
    cr_assert_eq(rig_state_write(&rig, app.hash, 32, false), 0);
    app.sha[0] ^= 1; /* so that it is not skipped */
    EXPECT(first(512), 0, 512, -1);
    cr_assert_eq(finish(512).match, 0);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed; 1:1.1.0",
                     "no longer pending: its trailer is gone");
    cr_assert_eq(rig_state_write(&rig, app.hash, 32, false), 0);
    rig_reset(&rig);
    blob_read(&other, APP_100);
    EXPECT(first(512), SMP_IMG_RC_NO_FREE_SLOT, -1, -1);
}

Test(upload, asks_again_for_what_is_not_aligned)
{
    rig.device_options.align = 8;
    rig_start(&rig);
    EXPECT(first(515), 0, 512, -1);
    EXPECT(later(512, 7), 0, 512, -1);
    EXPECT(later(512, 17), 0, 528, -1);
    cr_assert_eq(finish(528).match, 1, "the last piece is taken as it is");
}

Test(upload, the_first_chunk_waits_for_the_erase)
{
    uint64_t before;

    rig.device_options.erase_ms = 1500;
    rig.session_options.timeout_ms = 5000;
    rig_start(&rig);
    before = smp_loop_now(rig.loop);
    EXPECT(first(512), 0, 512, -1);
    cr_assert_geq(smp_loop_now(rig.loop) - before, 1500 * SIM_NS_PER_MS);
    before = smp_loop_now(rig.loop);
    EXPECT(later(512, 512), 0, 1024, -1);
    cr_assert_lt(smp_loop_now(rig.loop) - before, 100 * SIM_NS_PER_MS);
}
