/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unmounting in another mount namespace. */
#pragma once

#include "common/grant.h"
#include "kernel/references.h"

gboolean netns_unmount_elsewhere (const NetnsGrant *grant, const NetnsReference *mount, GError **error);
