/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* firewalld makes its own table anew from its zones, so it is told, and not its table. */
#pragma once

#include "common/grant.h"

#include <glib.h>

gboolean netns_firewalld_trust (const NetnsGrant *grant, const char *link, GError **error);
gboolean netns_firewalld_forget (const NetnsGrant *grant, const char *link, GError **error);
