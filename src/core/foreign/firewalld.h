/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* firewalld rebuilds its own table from its zones, so its zones must be changed and not its table. No plan waits for its
 * answer: it is asked when a plan has failed because of its rules, which then runs again; or when one is done. */
#pragma once

#include "common/grant.h"
#include "core/service/core.h"

void netns_firewalld_trust (const NetnsGrant *grant, const char *link, NetnsDoneFunc done, gpointer data);
void netns_firewalld_forget (const NetnsGrant *grant, const char *link, NetnsDoneFunc done, gpointer data);
