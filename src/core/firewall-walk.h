/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows a packet through the chains of others, to tell whether any of its kind gets through. What a rule asks of a packet
 * that is not known here counts as maybe: only where nothing can get through, something is said. */
#pragma once

#include "common/address.h"
#include "core/firewall-view.h"

/**
 * NetnsPassage:
 * @in: the link that it comes by
 * @out: (nullable): the link that it leaves by, if known
 * @source: where it is from, family AF_UNSPEC for anywhere
 * @destination: where it goes to, family AF_UNSPEC for anywhere
 * @family: AF_INET or AF_INET6
 * @is_answer: whether it belongs to a connection that is up
 *
 * A TCP packet that is forwarded.
 */
typedef struct {
  const char *in;
  const char *out;
  NetnsAddress source;
  NetnsAddress destination;
  int family;
  gboolean is_answer;
} NetnsPassage;

char *netns_firewall_view_find_block (const NetnsFirewallView *view, const NetnsPassage *passage);
