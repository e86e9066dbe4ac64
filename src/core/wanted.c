/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/wanted.h"

#include "core/core.h"
#include "core/operations.h"
#include "core/ruleset.h"

#include <string.h>
#include <sys/socket.h>

/* All networks and translations of a namespace. */
typedef struct {
  GPtrArray *networks;
  GPtrArray *nats;
} Wanted;

static void
clear_wanted (Wanted *wanted)
{
  g_clear_pointer (&wanted->networks, g_ptr_array_unref);
  g_clear_pointer (&wanted->nats, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, clear_wanted)

static int
compare_networks (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(NetnsNetwork *const *) a)->name, (*(NetnsNetwork *const *) b)->name);
}

static int
compare_nats (gconstpointer a, gconstpointer b)
{
  return (int) (*(NetnsNat *const *) a)->id - (int) (*(NetnsNat *const *) b)->id;
}

static void
collect (NetnsCore *core, const char *namespace_name, Wanted *wanted)
{
  GHashTableIter iter;
  NetnsNetwork *network;
  NetnsNat *nat;

  wanted->networks = g_ptr_array_new ();
  wanted->nats = g_ptr_array_new ();
  g_hash_table_iter_init (&iter, netns_core_get_networks (core));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (strcmp (network->namespace_name, namespace_name) == 0)
      g_ptr_array_add (wanted->networks, network);
  g_hash_table_iter_init (&iter, netns_core_get_nats (core));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &nat))
    if (strcmp (nat->namespace_name, namespace_name) == 0)
      g_ptr_array_add (wanted->nats, nat);
}

static void
sort (Wanted *wanted)
{
  g_ptr_array_sort (wanted->networks, compare_networks);
  g_ptr_array_sort (wanted->nats, compare_nats);
}

static gboolean
has_family (const GArray *subnets, int family)
{
  for (guint i = 0; i < subnets->len; i++)
    if (g_array_index (subnets, NetnsAddress, i).family == family)
      return TRUE;
  return FALSE;
}

static gboolean
wants_forwarding (const Wanted *wanted, int family)
{
  for (guint i = 0; i < wanted->networks->len; i++) {
    const NetnsNetwork *network = g_ptr_array_index (wanted->networks, i);

    if (network->nat && has_family (network->subnets, family))
      return TRUE;
  }
  for (guint i = 0; i < wanted->nats->len; i++)
    if (has_family (((NetnsNat *) g_ptr_array_index (wanted->nats, i))->sources, family))
      return TRUE;
  return FALSE;
}

static gboolean
wants_rules (const Wanted *wanted)
{
  return wants_forwarding (wanted, AF_INET) || wants_forwarding (wanted, AF_INET6);
}

static void
plan_rules (NetnsPlan *plan, const char *namespace_name, const Wanted *before, const Wanted *after)
{
  g_autofree char *commands = NULL, *undo = NULL;

  if (!wants_rules (before) && !wants_rules (after))
    return;
  commands = netns_ruleset_build (after->networks, after->nats);
  undo = netns_ruleset_build (before->networks, before->nats);
  netns_plan_add (plan, &netns_operation_nft, namespace_name, "{'commands': <%s>, 'undo': <%s>}", commands, undo);
}

static void
plan_forwarding (NetnsPlan *plan, const char *namespace_name, const Wanted *before, const Wanted *after, int family)
{
  gboolean had = wants_forwarding (before, family), has = wants_forwarding (after, family);

  if (had == has)
    return;
  netns_plan_add (plan, has ? &netns_operation_forwarding_enable : &netns_operation_forwarding_restore,
                  namespace_name, "{'family': <%u>}", (guint) family);
}

static void
plan_difference (NetnsPlan *plan, const char *namespace_name, Wanted *before, Wanted *after)
{
  sort (before);
  sort (after);
  plan_forwarding (plan, namespace_name, before, after, AF_INET);
  plan_forwarding (plan, namespace_name, before, after, AF_INET6);
  plan_rules (plan, namespace_name, before, after);
}

static void
plan_file (NetnsPlan *plan, const char *file, char *contents)
{
  g_autofree char *owned = contents;

  if (owned != NULL)
    netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>, 'contents': <%s>}", file, owned);
  else
    netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>}", file);
}

/**
 * netns_wanted_replace_network:
 * @core: the service
 * @plan: the plan of a call
 * @old: (nullable): a network as the service has it, %NULL for a new one
 * @new: (nullable): what it shall be, %NULL if it goes
 *
 * Adds the steps that rules, forwarding and files need. The service's own table is the commit's business.
 */
void
netns_wanted_replace_network (NetnsCore *core, NetnsPlan *plan, const NetnsNetwork *old, const NetnsNetwork *new)
{
  const NetnsNetwork *either = new ? new : old;
  g_autofree char *file = netns_network_get_file (either);
  g_auto (Wanted) before = { 0 }, after = { 0 };

  collect (core, either->namespace_name, &before);
  collect (core, either->namespace_name, &after);
  if (old != NULL)
    g_ptr_array_remove (after.networks, (gpointer) old);
  if (new != NULL)
    g_ptr_array_add (after.networks, (gpointer) new);
  plan_difference (plan, either->namespace_name, &before, &after);
  plan_file (plan, file, new ? netns_network_print (new) : NULL);
}

/**
 * netns_wanted_replace_nat:
 * @core: the service
 * @plan: the plan of a call
 * @old: (nullable): a translation as the service has it, %NULL for a new one
 * @new: (nullable): what it shall be, %NULL if it goes
 *
 * As netns_wanted_replace_network().
 */
void
netns_wanted_replace_nat (NetnsCore *core, NetnsPlan *plan, const NetnsNat *old, const NetnsNat *new)
{
  const NetnsNat *either = new ? new : old;
  g_autofree char *file = netns_nat_get_file (either);
  g_auto (Wanted) before = { 0 }, after = { 0 };

  collect (core, either->namespace_name, &before);
  collect (core, either->namespace_name, &after);
  if (old != NULL)
    g_ptr_array_remove (after.nats, (gpointer) old);
  if (new != NULL)
    g_ptr_array_add (after.nats, (gpointer) new);
  plan_difference (plan, either->namespace_name, &before, &after);
  plan_file (plan, file, new ? netns_nat_print (new) : NULL);
}
