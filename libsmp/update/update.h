/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of an update.
 *
 * It looks at the device (image state), does the one thing that is missing, and
 * looks again: upload, mark, reset, confirm.  So it can take up whatever it
 * finds, and a lost answer or a lost link needs no care of its own: look again.
 *
 * update.c          beginning and end, what the user is told
 * update_check.c    the file
 * update_link.c     one request at a time, and getting a lost link back
 * update_flow.c     look, and what to do then: upload, mark
 * update_reset.c    reset, and waiting for the device
 * update_confirm.c  the decision, and confirming
 * update_seen.c     what an image state says about the new image
 * update_text.c     names and sentences
 */
#ifndef SMPI_UPDATE_UPDATE_H
#define SMPI_UPDATE_UPDATE_H

#include "core/operation.h"

#include <smp/img.h>
#include <smp/mcuboot.h>
#include <smp/update.h>

enum { SMPI_UPDATE_TEXT = 768, SMPI_UPDATE_VERSION = 32, SMPI_UPDATE_REASON = 64 };
/* Times one thing is tried without any progress. */
enum { SMPI_UPDATE_TRIES = 3 };

/* What an image state says about one image number. */
struct smpi_update_seen {
    bool runs;                         /* the new image is the active one */
    bool confirmed;                    /* and stays */
    bool there;                        /* the new image is in a slot that is not active */
    bool marked;                       /* and boots next */
    bool other_runs;                   /* another image is active */
    char version[SMPI_UPDATE_VERSION]; /* of the old image: the active one, or who comes back */
    uint8_t hash[SMP_MCUBOOT_HASH_MAX];
    size_t hash_len; /* 0: none was told */
};

/* How the inner request under way is to be treated when the update is cancelled. */
enum smpi_update_inner {
    SMPI_UPDATE_NONE,
    SMPI_UPDATE_ASKED,   /* can be given up at any time */
    SMPI_UPDATE_WRITING, /* its answer says what the device is left with */
};

struct smpi_update;
typedef void smpi_update_then(struct smpi_update *update, const struct smp_result *result);

struct smpi_update {
    struct smpi_operation operation;
    struct smpi_corpse corpse;
    struct smp_source source;
    struct smp_update_options options; /* defaults filled in; key.data is our copy */
    smp_callback *done;
    void *user;
    uint64_t begun;

    struct smp_mcuboot_image file;
    uint8_t sha[32];
    char version[SMP_MCUBOOT_VERSION_MAX];
    bool checked; /* the file is an image, and hash and sha are known */

    enum smp_update_phase phase;
    bool stepped; /* the phase's end was told */
    enum smp_update_state state;
    struct smpi_update_seen seen; /* at the last look */
    bool has_from;                /* what ran before is known */
    char from_version[SMPI_UPDATE_VERSION];
    uint8_t from_hash[SMP_MCUBOOT_HASH_MAX];
    size_t from_hash_len;
    bool same;
    bool uploaded; /* by this update */
    bool marked;   /* the same */
    bool over;     /* the end is told, or about to be */
    bool gone;     /* the callback was called */
    int error;     /* how it ended */

    enum smpi_update_inner inner;
    smp_id inner_id;
    smpi_update_then *then;

    struct smpi_timer timer;
    void (*next)(struct smpi_update *update);      /* when the timer fires */
    void (*then_next)(struct smpi_update *update); /* when the link is up again */
    bool waits_for_link;
    uint64_t link_due; /* the link has to be back by then; 0: it is not lost */
    uint64_t busy_due; /* the device must not be busy any more by then; 0: it was not, in this phase
                          or since the upload got on */
    uint64_t best;     /* bytes uploaded when the last try ended */
    unsigned tries;    /* of what is being done, without progress */
    bool refused;      /* it was refused once */

    uint64_t reset_at;   /* of the first reset */
    uint64_t reset_sent; /* of the last */
    uint64_t reset_due;  /* the device has to be back by then */
    uint64_t looked_at;
    bool reset_answered;
    bool away;       /* it was silent, or the link fell, since the reset */
    bool stays;      /* it answers since it was told to reset, and has not */
    bool was_marked; /* it showed the mark before the reset */
    unsigned resets;
    enum smp_update_state before_reset;

    bool asked; /* decide was called */
    enum smp_update_decision decision;
    bool acted; /* on the decision */

    struct smp_result failure; /* of the device, for the report and the callback */
    char reason[SMPI_UPDATE_REASON];
    char text[SMPI_UPDATE_TEXT];
};

/* ---- update.c ---- */

/* Tells of a new phase. */
void smpi_update_enter(struct smpi_update *update, enum smp_update_phase phase);
/* Tells how far the phase is; false: the update is over meanwhile. */
bool smpi_update_report(struct smpi_update *update, const struct smp_update_progress *progress);
/* The phase is over, or one try of it: an event.  False: the update is over meanwhile. */
bool smpi_update_step(struct smpi_update *update, int error);
/* The end.  The callback comes from the operation's task. */
void smpi_update_finish(struct smpi_update *update);
void smpi_update_fail(struct smpi_update *update, int error);
/* The end by what a request ended with. */
void smpi_update_fail_by(struct smpi_update *update, const struct smp_result *result);
/* Fills a report with how things stand. */
void smpi_update_fill(const struct smpi_update *update, struct smp_update_report *report);

/* ---- update_check.c ---- */

/* Reads the file.  False: it was refused, and the update has ended. */
bool smpi_update_check(struct smpi_update *update);

/* ---- update_link.c ---- */

/* Sends one request; `then` gets its end, unless the update is over by then. */
void smpi_update_call(struct smpi_update *update, const struct smp_command *command,
                      const void *request, enum smpi_update_inner kind, smpi_update_then *then);
/* The same, repeated until the device is back or the time for it is over. */
void smpi_update_call_until(struct smpi_update *update, const struct smp_command *command,
                            smpi_update_then *then);
/* For `done` of a transfer. */
smp_callback smpi_update_answered;
/* Calls `next` a while from now. */
void smpi_update_pause(struct smpi_update *update, uint64_t ns,
                       void (*next)(struct smpi_update *update));
/*
 * A request ended without an answer.  Once the link is up again, or a little later, `next` is
 * called; when that takes longer than allowed, the update ends with `result`.
 */
void smpi_update_lost(struct smpi_update *update, const struct smp_result *result,
                      void (*next)(struct smpi_update *update));
/* The device is busy: a little later `next`.  False: it is not that, or for too long. */
bool smpi_update_busy(struct smpi_update *update, const struct smp_result *result,
                      void (*next)(struct smpi_update *update));
/* An answer came. */
void smpi_update_heard(struct smpi_update *update);
/* Whether a request ended because of the link, a bridge's included, not by the device's word. */
bool smpi_update_is_loss(const struct smp_result *result);

/* ---- update_flow.c ---- */

void smpi_update_look(struct smpi_update *update);
/* After a look: does what is missing. */
void smpi_update_next(struct smpi_update *update);
/* One more try of what is being done.  False: that were too many, and the update has ended. */
bool smpi_update_try_again(struct smpi_update *update, const struct smp_result *result);
/* A change was refused.  That may be a damaged copy of what was granted before, whose answer got
 * lost: so a look first, and the second refusal ends the update. */
void smpi_update_refused(struct smpi_update *update, const struct smp_result *result);

/* ---- update_confirm.c ---- */

/* The new image runs. */
void smpi_update_running(struct smpi_update *update);
/* A decision was made. */
void smpi_update_decided(struct smpi_update *update);
/* Confirming, and the state was looked at right before. */
void smpi_update_confirm_seen(struct smpi_update *update);

/* ---- update_reset.c ---- */

/* Resets the device and waits for it; then smpi_update_running(), or the end. */
void smpi_update_reset(struct smpi_update *update);
/* Resets it so that the old image comes back. */
void smpi_update_revert(struct smpi_update *update);

/* ---- update_seen.c ---- */

void smpi_update_read_state(const struct smpi_update *update, const struct smp_img_state_rsp *rsp,
                            struct smpi_update_seen *seen);
/* False: not a version. */
bool smpi_update_read_version(const char *text, struct smp_mcuboot_version *version);

/* ---- update_text.c ---- */

/* Writes update->text for the end, or for a step that failed. */
void smpi_update_tell(struct smpi_update *update, int error);

#endif
