/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Duplicate address detection (RFC 4862, 5.4): for a second or two after a link got an IPv6 address, the kernel asks the
 * neighbours if one of them has it, and lets nobody use it. */
#pragma once

#include "mirror/mirror.h"

typedef struct _NetnsDetections NetnsDetections;

/* @error: (nullable): `AddressInUse` */
typedef void (*NetnsDetectedFunc) (const GError *error, gpointer data);

NetnsDetections *netns_detections_new (NetnsMirror *mirror);
void netns_detections_free (NetnsDetections *detections);
void netns_detections_await (NetnsDetections *detections, NetnsLink *link, const NetnsLinkAddress *address,
                             NetnsDetectedFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDetections, netns_detections_free)
