/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that a command started: who lost its parent becomes a child of the helper, so nobody gets away. */
#pragma once

#include <glib.h>

gboolean netns_descendants_signal (int number);
