/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loops of bridges that other programs close: each is reported, and one that goes through the bridge of a network is opened
 * there again, because it takes the time of the whole machine. */
#pragma once

#include "core/service/reconciler.h"

typedef struct _NetnsLoopReconciler NetnsLoopReconciler;

/* @port: that closed it; @bridges: names of all; @cut: name of the port that was set down, empty for none */
typedef void (*NetnsLoopFunc) (NetnsLink *port, const char *const *bridges, const char *cut, gpointer data);

NetnsLoopReconciler *netns_loop_reconciler_new (NetnsCore *core, const NetnsGrant *grant, NetnsLoopFunc found,
                                                gpointer data);
void netns_loop_reconciler_free (NetnsLoopReconciler *loops);
