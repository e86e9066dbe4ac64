/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules in nft's own words, by their handles: JSON has them in pieces only. For reading; nothing is ever made from such
 * a text. */
#pragma once

#include <glib.h>

typedef struct _NetnsTexts NetnsTexts;

NetnsTexts *netns_texts_new (const char *list);
void netns_texts_free (NetnsTexts *texts);
char *netns_texts_find (const NetnsTexts *texts, const char *family, const char *table, guint64 handle,
                        const char *comment);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsTexts, netns_texts_free)
