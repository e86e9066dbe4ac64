/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign/leftover-steps.h"

#include "common/names.h"
#include "core/foreign/allow-steps.h"
#include "core/plan/run.h"
#include "core/ruleset/guard-rules.h"
#include "core/ruleset/ruleset.h"

#include <linux/netfilter.h>

typedef gboolean (*ApplyFunc) (const NetnsGrant *grant, NetnsNft *nft, const char *frame, const char *commands,
                               GError **error);

static gboolean
remove_table (NetnsRun *run, NetnsNft *nft, guint8 family, ApplyFunc apply, const char *commands, GError **error)
{
  return netns_nft_has_table (nft, family, NETNS_TABLE) && apply (netns_run_get_grant (run), nft, "", commands, error);
}

static void
remove_tables (NetnsRun *run, NetnsStep *step, NetnsNft *nft, GError **error)
{
  const NetnsLeftovers *leftovers = step->parameter;
  NetnsLeftoversFound *found = step->kept;
  g_autoptr (GPtrArray) nothing = g_ptr_array_new ();
  g_autofree char *no_inet = netns_ruleset_build (nothing, FALSE), *no_bridge = netns_guard_rules_build_removal ();

  found->removed_inet = leftovers->inet && remove_table (run, nft, NFPROTO_INET, netns_nft_apply, no_inet, error);
  if (*error == NULL)
    found->removed_bridge
      = leftovers->bridge && remove_table (run, nft, NFPROTO_BRIDGE, netns_nft_apply_script, no_bridge, error);
}

static gboolean
is_ours (NetnsRun *run, const char *namespace_name, GError **error)
{
  gboolean ours;
  int fd;

  return *namespace_name == '\0'
         || (netns_run_get_fd (run, namespace_name, &fd, error) && netns_nsfs_is_ours (fd, &ours, error) && ours);
}

static gboolean
remove_leftovers (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autoptr (GError) failure = NULL;
  NetnsNft *nft
    = is_ours (run, step->namespace_name, &failure) ? netns_run_get_nft (run, step->namespace_name, &failure) : NULL;

  if (nft != NULL) {
    remove_tables (run, step, nft, &failure);
    ((NetnsLeftoversFound *) step->kept)->has_chain = netns_allow_has_chain (nft);
  }
  if (failure != NULL)
    g_info ("Cannot remove leftover rules in namespace “%s”: %s", step->namespace_name, failure->message);
  return TRUE;
}

static const NetnsField fields[] = {
  { "inet", NETNS_FIELD_BOOLEAN, offsetof (NetnsLeftovers, inet) },
  { "bridge", NETNS_FIELD_BOOLEAN, offsetof (NetnsLeftovers, bridge) },
  { NULL }
};

static const NetnsField found_fields[] = {
  { "removed-inet", NETNS_FIELD_BOOLEAN, offsetof (NetnsLeftoversFound, removed_inet) },
  { "removed-bridge", NETNS_FIELD_BOOLEAN, offsetof (NetnsLeftoversFound, removed_bridge) },
  { "has-chain", NETNS_FIELD_BOOLEAN, offsetof (NetnsLeftoversFound, has_chain) },
  { NULL }
};

const NetnsOperation netns_operation_leftovers = {
  .name = "leftovers",
  .execute = remove_leftovers,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsLeftovers, fields),
  .kept = NETNS_RECORD (NetnsLeftoversFound, found_fields),
};
