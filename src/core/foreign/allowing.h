/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs plans that tell firewalls of others to let packets through. What these do is read before; firewalld is asked between
 * two attempts, and told in the end what is over: nobody else waits for any of it. */
#pragma once

#include "core/foreign/allow-question.h"

/**
 * NetnsAllowing:
 * @plan: the plan that runs
 * @grant: who may do it
 * @question: (nullable): what was asked before
 * @questions: how often
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
  NetnsAllowQuestion *question;
  guint questions;
  char *trusted;
  GError *failure;
  NetnsDoneFunc done;
  GSourceOnceFunc again;
  gpointer data;
} NetnsAllowing;

void netns_allowing_run (NetnsAllowing *allowing, NetnsCore *core, guint uid, NetnsPlan *plan, const NetnsGrant *grant,
                         NetnsDoneFunc done, GSourceOnceFunc again, gpointer data);
gboolean netns_allowing_fail (NetnsAllowing *allowing, GError **error);
void netns_allowing_clear (NetnsAllowing *allowing);
