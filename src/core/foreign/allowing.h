/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs plans that tell firewalls of others to let packets through. firewalld is asked between two attempts, and told in the
 * end what is over: nobody else waits for it. */
#pragma once

#include "core/service/core.h"

/**
 * NetnsAllowing:
 * @plan: the plan that runs
 * @grant: who may do it
 * @trusted: (nullable): the link that firewalld trusts by now
 * @failure: (nullable): why the plan failed
 * @done: called when all is done
 * @again: called when the plan is to be made and run once more
 * @data: for both
 *
 * What is known of one call; of zeros before.
 */
typedef struct {
  NetnsPlan *plan;
  const NetnsGrant *grant;
  char *trusted;
  GError *failure;
  NetnsDoneFunc done;
  GSourceOnceFunc again;
  gpointer data;
} NetnsAllowing;

void netns_allowing_run (NetnsAllowing *allowing, NetnsCore *core, NetnsPlan *plan, const NetnsGrant *grant,
                         NetnsDoneFunc done, GSourceOnceFunc again, gpointer data);
void netns_allowing_clear (NetnsAllowing *allowing);
