/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of the machine that are held, so that no other program takes them, and who has those that are not free. */
#pragma once

#include "common/address.h"
#include "common/grant.h"

int netns_port_hold (const NetnsGrant *grant, int protocol, const NetnsAddress *address, guint16 port, GError **error);
int netns_port_hold_loopback6 (const NetnsGrant *grant, int protocol, guint16 port, GError **error);
