/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that write the files of a namespace in /etc/netns. */
#pragma once

#include "core/plan/plan.h"

/**
 * NetnsDnsSet:
 * @servers: addresses of name servers, none to remove the files of the service
 * @search: search domains
 */
typedef struct {
  const char *const *servers;
  const char *const *search;
} NetnsDnsSet;

typedef struct {
  const char *new_name;
} NetnsDnsMove;

NETNS_DECLARE_OPERATION (dns_set, NetnsDnsSet)
NETNS_DECLARE_OPERATION (dns_move, NetnsDnsMove)
