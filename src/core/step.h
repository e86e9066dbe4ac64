/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How operations read their parameters. What is not given is the empty string, 0 or FALSE. */
#pragma once

#include "core/plan.h"
#include "core/run.h"

const char *netns_step_get_string (const NetnsStep *step, const char *key);
guint32 netns_step_get_uint32 (const NetnsStep *step, const char *key);
gboolean netns_step_get_boolean (const NetnsStep *step, const char *key);
gboolean netns_step_has (const NetnsStep *step, const char *key);
guint netns_step_find_link (NetnsStep *step, NetnsRun *run, NetnsNetlink **netlink, GError **error);
void netns_step_remember (NetnsStep *step, GVariant *value);
