/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All descendants of a command: orphans become children of the helper, so none escapes. */
#pragma once

#include <glib.h>

gboolean netns_descendants_signal (int number);
