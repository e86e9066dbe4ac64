/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Nobody has it, nor ever will: as 16 bits it is the uid that means none. */
#define NETNS_UID_UNUSED 65535
