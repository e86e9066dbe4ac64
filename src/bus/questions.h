/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose question polkit hears next. polkitd has 128 replies for everybody (max_replies_per_connection of the
 * bus): without limits of our own, one user with many open dialogs would lock out all others. Knows nothing
 * of polkit. */
#pragma once

#include <glib.h>

#define NETNS_QUESTIONS_RUNNING          64 /* in all */
#define NETNS_QUESTIONS_RUNNING_PER_USER 4
#define NETNS_QUESTIONS_WAITING_PER_USER 64

typedef struct _NetnsQuestions NetnsQuestions;

NetnsQuestions *netns_questions_new (void);
void netns_questions_free (NetnsQuestions *questions);
gboolean netns_questions_add (NetnsQuestions *questions, guint uid, gpointer question, GError **error);
gpointer netns_questions_next (NetnsQuestions *questions);
void netns_questions_done (NetnsQuestions *questions, guint uid);
void netns_questions_remove (NetnsQuestions *questions, guint uid, gpointer question);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsQuestions, netns_questions_free)
