/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that look at all rules of a namespace, or after those of ours. */
#include "core/operations.h"

#include "core/ruleset.h"
#include "core/step.h"

/* Our table, which somebody else took away or changed, is made anew. The result says whether there was anything to do. */
static gboolean
restore_rules (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);
  const char *commands = netns_step_get_string (step, "commands");
  g_autofree char *ruleset = NULL;

  if (nft == NULL)
    return FALSE;
  if (netns_step_get_boolean (step, "if-damaged")) {
    ruleset = netns_nft_list_ruleset (nft, error);
    if (ruleset == NULL)
      return FALSE;
    if (netns_ruleset_is_there (commands, ruleset)) {
      netns_run_set_result (run, g_variant_new_boolean (FALSE));
      return TRUE;
    }
  }
  netns_run_set_result (run, g_variant_new_boolean (TRUE));
  return netns_nft_apply (netns_run_get_grant (run), nft, commands, error);
}

const NetnsOperation netns_operation_rules_restore = { "rules-restore", restore_rules, NULL };

static gboolean
list_ruleset (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);
  g_autofree char *ruleset = nft ? netns_nft_list_ruleset (nft, error) : NULL;

  if (ruleset == NULL)
    return FALSE;
  netns_run_set_result (run, g_variant_new_string (ruleset));
  return TRUE;
}

static gboolean
do_nothing (NetnsRun *run, NetnsStep *step, GError **error)
{
  return TRUE;
}

const NetnsOperation netns_operation_ruleset_list = { "ruleset-list", list_ruleset, do_nothing };
