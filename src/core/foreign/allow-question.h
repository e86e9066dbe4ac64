/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the steps of allow-steps.h must know of firewalls of others. It is read before the plan runs, while others have their
 * turn: how long that takes is in the hands of whoever made those firewalls. */
#pragma once

#include "core/foreign/allow-steps.h"
#include "core/service/core.h"

typedef struct _NetnsAllowQuestion NetnsAllowQuestion;

gboolean netns_allow_question_answer (const NetnsAllowQuestion *question, NetnsPlan *plan);
NetnsAllowQuestion *netns_allow_question_ask (NetnsCore *core, guint uid, NetnsPlan *plan, const NetnsGrant *grant,
                                              NetnsDoneFunc done, gpointer data);
void netns_allow_question_free (NetnsAllowQuestion *question);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsAllowQuestion, netns_allow_question_free)
