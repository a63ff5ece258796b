/* SPDX-License-Identifier: Apache-2.0 */
/* Watching descriptors: the public face of the platform. */
#include "core/loop.h"

static void bury_watch(struct smp_loop *loop, void *memory)
{
    smpi_free(loop, memory);
}

/* A watch and what it needs to be buried. */
struct watch_box {
    struct smp_watch watch; /* first: the two share an address */
    struct smpi_corpse corpse;
};

void smpi_watch_fire(struct smp_watch *watch, unsigned events)
{
    if (watch->callback != NULL) {
        watch->callback(watch->fd, events, watch->user);
    }
}

int smp_watch_new(struct smp_loop *loop, int fd, unsigned events, smp_watch_callback *callback,
                  void *user, struct smp_watch **watch)
{
    if (loop == NULL || fd < 0 || callback == NULL || watch == NULL) {
        return SMP_ERR_INVALID;
    }
    if (loop->platform == NULL) {
        return SMP_ERR_UNSUPPORTED;
    }
    struct watch_box *box = smpi_alloc(loop, sizeof(*box));
    if (box == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    box->watch = (struct smp_watch){
        .loop = loop, .callback = callback, .user = user, .fd = fd, .events = events};
    int error = loop->ops->watch(loop->platform, &box->watch);
    if (error != SMP_OK) {
        smpi_free(loop, box);
        return error;
    }
    loop->users++;
    *watch = &box->watch;
    return SMP_OK;
}

int smp_watch_set(struct smp_watch *watch, unsigned events)
{
    if (watch->events == events) {
        return SMP_OK;
    }
    watch->events = events;
    return watch->loop->ops->rewatch(watch->loop->platform, watch);
}

void smp_watch_free(struct smp_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    struct smp_loop *loop = watch->loop;
    struct watch_box *box = SMPI_OF(watch, struct watch_box, watch);
    if (!smpi_loop_forked(loop)) {
        loop->ops->unwatch(loop->platform, watch);
    }
    watch->callback = NULL;
    loop->users--;
    smpi_bury(loop, &box->corpse, bury_watch, box);
}
