/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that switch forwarding on before the first network with NAT, and restore the old values after the last. These
 * are kept in a file, by the cookie of the namespace, so that they survive a restart of the service. */
#pragma once

#include "core/plan/plan.h"

/**
 * NetnsForwarding:
 * @family: AF_INET or AF_INET6
 */
typedef struct {
  guint family;
} NetnsForwarding;

NETNS_DECLARE_OPERATION (forwarding_enable, NetnsForwarding)
NETNS_DECLARE_OPERATION (forwarding_restore, NetnsForwarding)

char *netns_forwarding_file_for (guint64 cookie, int family);
