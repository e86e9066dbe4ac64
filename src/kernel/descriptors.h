/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors that strangers handed in. To close one can take for ever: a socket waits for unsent data (SO_LINGER, which
 * its owner can set again at any time), and a file of FUSE for a program of the stranger's. So they are never closed,
 * and never duplicated, by a thread that has something else to do. */
#pragma once

#include <glib.h>

typedef struct _NetnsDescriptors NetnsDescriptors;

NetnsDescriptors *netns_descriptors_new (int *fds, guint count);
guint netns_descriptors_get_count (const NetnsDescriptors *descriptors);
int netns_descriptors_get (const NetnsDescriptors *descriptors, guint number);
void netns_descriptors_close (NetnsDescriptors *descriptors, guint uid);
guint netns_descriptors_count_unclosed (guint uid);
