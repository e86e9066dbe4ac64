/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/wanted.h"

#include "core/core.h"
#include "core/operations.h"
#include "core/ruleset.h"

#include <string.h>
#include <sys/socket.h>

/* What there are rules for in a namespace, in an order of their own. */
typedef NetnsRules Wanted;

static void
clear_wanted (Wanted *wanted)
{
  g_clear_pointer (&wanted->networks, g_ptr_array_unref);
  g_clear_pointer (&wanted->nats, g_ptr_array_unref);
  g_clear_pointer (&wanted->firewalls, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, clear_wanted)

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(NetnsDefinition *const *) a)->name, (*(NetnsDefinition *const *) b)->name);
}

/* As the service has it, or with @new in the place of @old. */
static void
collect (NetnsCore *core, const char *namespace_name, const NetnsDefinition *old, const NetnsDefinition *new,
         Wanted *wanted)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, namespace_name);
  const struct {
    const NetnsDefinitionClass *class;
    GPtrArray **list;
  } lists[] = { { &netns_network_class, &wanted->networks },
                { &netns_nat_class, &wanted->nats },
                { &netns_firewall_class, &wanted->firewalls } };

  if (old != NULL)
    g_ptr_array_remove (definitions, (gpointer) old);
  if (new != NULL)
    g_ptr_array_add (definitions, (gpointer) new);
  g_ptr_array_sort (definitions, compare_names);
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
    *lists[i].list = g_ptr_array_new ();
    for (guint j = 0; j < definitions->len; j++)
      if (((NetnsDefinition *) g_ptr_array_index (definitions, j))->class == lists[i].class)
        g_ptr_array_add (*lists[i].list, g_ptr_array_index (definitions, j));
  }
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

static void
plan_rules (NetnsPlan *plan, const char *namespace_name, const Wanted *before, const Wanted *after)
{
  g_autofree char *commands = NULL, *undo = NULL;

  if (!netns_ruleset_wants_table (before) && !netns_ruleset_wants_table (after))
    return;
  commands = netns_ruleset_build (after);
  undo = netns_ruleset_build (before);
  if (strcmp (commands, undo) == 0)
    return;
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
plan_difference (NetnsPlan *plan, const char *namespace_name, const Wanted *before, const Wanted *after)
{
  plan_forwarding (plan, namespace_name, before, after, AF_INET);
  plan_forwarding (plan, namespace_name, before, after, AF_INET6);
  plan_rules (plan, namespace_name, before, after);
}

typedef struct {
  NetnsCore *core;
  NetnsDefinition *definition;
} Commit;

static void
free_commit (gpointer data)
{
  Commit *commit = data;

  netns_definition_free (commit->definition);
  g_free (commit);
}

static void
commit_put (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;

  netns_core_put_definition (commit->core, g_steal_pointer (&commit->definition));
}

static void
commit_drop (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;

  netns_core_drop_definition (commit->core, commit->definition);
}

/**
 * netns_wanted_replace:
 * @core: the service
 * @plan: the plan of a call
 * @old: (nullable): a definition as the service has it, %NULL for a new one
 * @new: (nullable): what it shall be, %NULL if it goes
 *
 * Adds the steps that rules, forwarding and its file need; when the plan is done, the service has it.
 */
void
netns_wanted_replace (NetnsCore *core, NetnsPlan *plan, const NetnsDefinition *old, const NetnsDefinition *new)
{
  const NetnsDefinition *either = new ? new : old;
  g_autofree char *file = netns_definition_get_file (either), *contents = new ? netns_definition_print (new) : NULL;
  g_auto (Wanted) before = { 0 }, after = { 0 };
  Commit *commit = g_new0 (Commit, 1);

  collect (core, either->namespace_name, NULL, NULL, &before);
  collect (core, either->namespace_name, old, new, &after);
  plan_difference (plan, either->namespace_name, &before, &after);
  if (contents != NULL)
    netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>, 'contents': <%s>}", file, contents);
  else
    netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>}", file);
  commit->core = core;
  commit->definition = netns_definition_copy (either);
  netns_plan_on_commit (plan, new ? commit_put : commit_drop, commit, free_commit);
}

/* A network without NAT is a bridge and nothing else. */
static gboolean
has_rules (const NetnsDefinition *definition)
{
  if (definition->class == &netns_network_class)
    return ((const NetnsNetwork *) definition)->nat;
  return definition->class != &netns_firewall_class || !netns_firewall_is_empty ((const NetnsFirewall *) definition);
}

/* A firewall goes by the name of its namespace. */
static const char *
name_of_rules (const NetnsDefinition *definition)
{
  if (definition->class != &netns_firewall_class)
    return definition->name;
  return *definition->namespace_name ? definition->namespace_name : "@host";
}

/**
 * netns_wanted_name_rules:
 * @core: the service
 * @namespace_name: a namespace
 *
 * Returns: (transfer full) (element-type utf8): what there are rules for, such as `network lan` and `nat 1`
 */
GPtrArray *
netns_wanted_name_rules (NetnsCore *core, const char *namespace_name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, namespace_name);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_sort (definitions, compare_names);
  for (guint i = 0; i < definitions->len; i++) {
    const NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    g_autofree char *what = g_ascii_strdown (definition->class->group, -1);

    if (has_rules (definition))
      g_ptr_array_add (names, g_strconcat (what, " ", name_of_rules (definition), NULL));
  }
  return names;
}

/**
 * netns_wanted_restore_rules:
 * @core: the service
 * @plan: a plan of the service itself
 * @namespace_name: a namespace that has rules
 * @if_damaged: whether to look first, and leave them alone if all seem to be there
 *
 * Adds the step that makes our table anew.
 */
void
netns_wanted_restore_rules (NetnsCore *core, NetnsPlan *plan, const char *namespace_name, gboolean if_damaged)
{
  g_auto (Wanted) wanted = { 0 };
  g_autofree char *commands = NULL;

  collect (core, namespace_name, NULL, NULL, &wanted);
  commands = netns_ruleset_build (&wanted);
  netns_plan_add (plan, &netns_operation_rules_restore, namespace_name, "{'commands': <%s>, 'if-damaged': <%b>}",
                  commands, if_damaged);
}
