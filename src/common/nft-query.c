/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/nft-query.h"

#include <string.h>

const NetnsNftQuery netns_query_texts = { "texts", "(s)", "(a{sas})", FALSE };
const NetnsNftQuery netns_query_ruleset = { "ruleset", NULL, "(s)", TRUE };
const NetnsNftQuery netns_query_rules = { "rules", NULL, "(aa{sv})", TRUE };
const NetnsNftQuery netns_query_drops = { "drops", NULL, "(as)", TRUE };
const NetnsNftQuery netns_query_passages = { "passages", "(a(ssssub)a(sss)sb)", "(ssbab)", TRUE };
const NetnsNftQuery netns_query_find_rules = { "find-rules", "(sa(sss))", "(a(sssst))", TRUE };
const NetnsNftQuery netns_query_compare = { "compare", "(s)", "(b)", TRUE };
const NetnsNftQuery netns_query_count_rules = { "count-rules", "(ss)", "(tt)", TRUE };
const NetnsNftQuery netns_query_count_elements = { "count-elements", "(ssuus)", "(tt)", TRUE };

/* Returns: (transfer none) (nullable): the one of that name */
const NetnsNftQuery *
netns_query_find (const char *name)
{
  static const NetnsNftQuery *const queries[]
    = { &netns_query_texts,   &netns_query_ruleset,     &netns_query_rules,
        &netns_query_drops,   &netns_query_passages,    &netns_query_find_rules,
        &netns_query_compare, &netns_query_count_rules, &netns_query_count_elements };

  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    if (strcmp (queries[i]->name, name) == 0)
      return queries[i];
  return NULL;
}
