/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that change the rules of a namespace, or open it for them to be read. Commands are JSON of libnftables. */
#pragma once

#include "core/plan/plan.h"

/* @frame: commands that make the sets and maps in which the others change elements, empty for none; they are there */
typedef struct {
  const char *frame;
  const char *commands;
  const char *undo;
} NetnsRulesChange;

/* @commands: as netns_desired_print_rules() has them */
typedef struct {
  const char *commands;
} NetnsRulesRestore;

NETNS_DECLARE_OPERATION (nft, NetnsRulesChange)
NETNS_DECLARE_OPERATION (guard, NetnsRulesChange) /* commands in the language of nft */
NETNS_DECLARE_OPERATION (rules_restore, NetnsRulesRestore) /* last */
NETNS_DECLARE_PLAIN_OPERATION (rules_open)
