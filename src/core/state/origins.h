/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where links were before they were moved away, and, if Link.MoveTo did that, what they had there: to there they go back
 * when the namespace that they are in is deleted. */
#pragma once

#include "core/plan/plan.h"

typedef struct _NetnsCore NetnsCore;
typedef struct _NetnsOrigins NetnsOrigins;

/**
 * NetnsOrigin:
 * @origins: the table that it is for
 * @file: where it is kept
 * @cookie: of the namespace that the link is in
 * @index: its ifindex there, 0 until it was seen
 * @name_there: its name there when it came
 * @home: cookie of the namespace that it came from, 0 for the host
 * @name: its name there
 * @enabled: whether it was up
 * @addresses: (element-type GVariant): what addresses it had, as netns_link_addresses_save() makes them
 */
typedef struct {
  NetnsOrigins *origins;
  char *file;
  guint64 cookie;
  guint index;
  char *name_there;
  guint64 home;
  char *name;
  gboolean enabled;
  GPtrArray *addresses;
} NetnsOrigin;

NetnsOrigins *netns_origins_new (NetnsMirror *mirror);
void netns_origins_free (NetnsOrigins *origins);
void netns_origins_prune (NetnsOrigins *origins);
void netns_origins_plan_move (NetnsOrigins *origins, NetnsPlan *plan, NetnsLink *link, const NetnsNamespace *to,
                              const char *name_there);
NetnsOrigin *netns_origins_find (NetnsOrigins *origins, const NetnsLink *link);
NetnsNamespace *netns_origins_find_namespace (NetnsOrigins *origins, guint64 cookie);
