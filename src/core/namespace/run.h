/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plans that start a command in a namespace and that signal it. */
#pragma once

#include "core/job/jobs.h"
#include "core/service/core.h"

NetnsPlan *netns_namespace_run (NetnsCore *core, guint caller, const char *name, const NetnsJobRequest *request,
                                GError **error);
NetnsPlan *netns_job_signal (NetnsCore *core, guint caller, guint id, int number, GError **error);
