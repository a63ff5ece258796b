/* SPDX-License-Identifier: Apache-2.0 */
#include "core/window.h"

/* To begin with: enough to see whether answers come in order. */
enum { START = 4 };

/* Gaps in a row that are no chance any more. */
enum { GAPS_MAX = 3 };

/* Answers in order before a device is asked for more than it once refused. */
enum { EDGE_PATIENCE = 256 };

void smpi_window_init(struct smpi_window *window)
{
    *window = (struct smpi_window){.now = START, .known = UINT32_MAX};
}

void smpi_window_learnt(struct smpi_window *window, uint32_t now, uint32_t edge)
{
    smpi_window_init(window);
    window->now = now != 0 ? now : window->now;
    window->edge = edge;
    if (edge != 0 && window->now > edge) {
        window->now = edge;
    }
}

/* Answers in order that allow one more. */
static uint32_t price(const struct smpi_window *window)
{
    if (window->edge != 0 && window->now >= window->edge) {
        return EDGE_PATIENCE;
    }
    return window->now < window->known ? 1 : window->now;
}

void smpi_window_good(struct smpi_window *window, uint32_t cap)
{
    if (++window->in_order < price(window) || window->now >= cap) {
        return;
    }
    window->in_order = 0;
    window->now++;
    if (window->edge != 0 && window->now > window->edge) {
        window->edge = window->now;
    }
}

static void set(struct smpi_window *window, uint32_t now, uint32_t known)
{
    window->now = now > 1 ? now : 1;
    window->known = known > 1 ? known : 1;
    window->in_order = 0;
    window->gaps = 0;
}

void smpi_window_gap(struct smpi_window *window, uint32_t used)
{
    window->gaps = window->in_order < used ? window->gaps + 1 : 1;
    window->in_order = 0;
    window->known = used < window->known ? used : window->known;
    if (window->gaps >= GAPS_MAX) {
        set(window, used - 1, used - 1);
    }
}

void smpi_window_silence(struct smpi_window *window, uint32_t used)
{
    set(window, used / 2, used);
}

void smpi_window_edge(struct smpi_window *window, uint32_t others)
{
    set(window, others, others);
    window->edge = window->now;
}
