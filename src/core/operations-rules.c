/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step that the service takes by itself: our table, which somebody else took away or changed, is made anew. */
#include "core/operations.h"

#include "core/ruleset.h"
#include "core/step.h"

/* The result says whether there was anything to do. */
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
