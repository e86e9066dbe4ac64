/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Method Namespace.Run, whose second half takes longer than a plan may. */
#pragma once

#include "bus/tree/interface.h"

NetnsPlan *netns_run_plan (NetnsCall *call, const NetnsObject *object, GError **error);
void netns_run_after_plan (NetnsCall *call, NetnsDoneFunc done, gpointer data);
GVariant *netns_run_reply (NetnsCall *call, const NetnsObject *object, GError **error);
