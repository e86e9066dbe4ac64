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
  g_clear_pointer (&wanted->forwards, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Wanted, clear_wanted)

/* The rules of a forward are in the host, wherever it leads to. */
static const char *
place_of_rules (const NetnsDefinition *definition)
{
  return definition->class == &netns_forward_class ? "" : definition->namespace_name;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(NetnsDefinition *const *) a)->name, (*(NetnsDefinition *const *) b)->name);
}

static GPtrArray *
list_with_rules (NetnsCore *core, const char *namespace_name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL);
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < definitions->len; i++)
    if (strcmp (place_of_rules (g_ptr_array_index (definitions, i)), namespace_name) == 0)
      g_ptr_array_add (list, g_ptr_array_index (definitions, i));
  return list;
}

/* As the service has it, or with @new in the place of @old. */
static void
collect (NetnsCore *core, const char *namespace_name, GPtrArray *old, GPtrArray *new, Wanted *wanted)
{
  g_autoptr (GPtrArray) definitions = list_with_rules (core, namespace_name);
  const struct {
    const NetnsDefinitionClass *class;
    GPtrArray **list;
  } lists[] = { { &netns_network_class, &wanted->networks },
                { &netns_nat_class, &wanted->nats },
                { &netns_firewall_class, &wanted->firewalls },
                { &netns_forward_class, &wanted->forwards } };

  for (guint i = 0; old != NULL && i < old->len; i++)
    g_ptr_array_remove_fast (definitions, g_ptr_array_index (old, i));
  for (guint i = 0; new != NULL && i < new->len; i++)
    g_ptr_array_add (definitions, g_ptr_array_index (new, i));
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
  for (guint i = 0; i < wanted->forwards->len; i++)
    if (netns_forward_has_family (g_ptr_array_index (wanted->forwards, i), family))
      return TRUE;
  return FALSE;
}

/* Whether forwards come and go, and all else stays. */
static gboolean
is_change_of_elements (const Wanted *before, const Wanted *after)
{
  g_autofree char *frame_before = NULL, *frame_after = NULL;

  if (before->forwards->len == 0 || after->forwards->len == 0 || before->networks->len != after->networks->len)
    return FALSE;
  frame_before = netns_ruleset_build (before, FALSE);
  frame_after = netns_ruleset_build (after, FALSE);
  return strcmp (frame_before, frame_after) == 0;
}

static void
plan_rules (NetnsPlan *plan, const char *namespace_name, const Wanted *before, const Wanted *after, GPtrArray *old,
            GPtrArray *new)
{
  const NetnsDefinition *any = g_ptr_array_index (new->len > 0 ? new : old, 0);
  g_autofree char *commands = NULL, *undo = NULL;

  if (!netns_ruleset_wants_table (before) && !netns_ruleset_wants_table (after))
    return;
  if (any->class == &netns_forward_class && is_change_of_elements (before, after)) {
    commands = netns_ruleset_build_change (old, new);
    undo = netns_ruleset_build_change (new, old);
  } else {
    commands = netns_ruleset_build (after, TRUE);
    undo = netns_ruleset_build (before, TRUE);
  }
  if (g_strcmp0 (commands, undo) != 0)
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

static void
plan_definition (NetnsCore *core, NetnsPlan *plan, const NetnsDefinition *definition, gboolean put)
{
  g_autofree char *file = netns_definition_get_file (definition), *contents = NULL;
  Commit *commit = g_new0 (Commit, 1);

  if (put) {
    contents = netns_definition_print (definition);
    netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>, 'contents': <%s>}", file, contents);
  } else {
    netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>}", file);
  }
  commit->core = core;
  commit->definition = netns_definition_copy (definition);
  netns_plan_on_commit (plan, put ? commit_put : commit_drop, commit, free_commit);
}

static gboolean
has_successor (const NetnsDefinition *definition, GPtrArray *new)
{
  for (guint i = 0; i < new->len; i++)
    if (strcmp (definition->name, ((NetnsDefinition *) g_ptr_array_index (new, i))->name) == 0)
      return TRUE;
  return FALSE;
}

/**
 * netns_wanted_replace_all:
 * @core: the service
 * @plan: the plan of a call
 * @old: (element-type NetnsDefinition): definitions of one class as the service has them
 * @new: (element-type NetnsDefinition): what there shall be in their place
 *
 * As netns_wanted_replace(), of several of one class that have their rules in one namespace.
 */
void
netns_wanted_replace_all (NetnsCore *core, NetnsPlan *plan, GPtrArray *old, GPtrArray *new)
{
  const char *place = place_of_rules (g_ptr_array_index (new->len > 0 ? new : old, 0));
  g_auto (Wanted) before = { 0 }, after = { 0 };

  collect (core, place, NULL, NULL, &before);
  collect (core, place, old, new, &after);
  plan_forwarding (plan, place, &before, &after, AF_INET);
  plan_forwarding (plan, place, &before, &after, AF_INET6);
  plan_rules (plan, place, &before, &after, old, new);
  for (guint i = 0; i < old->len; i++)
    if (!has_successor (g_ptr_array_index (old, i), new))
      plan_definition (core, plan, g_ptr_array_index (old, i), FALSE);
  for (guint i = 0; i < new->len; i++)
    plan_definition (core, plan, g_ptr_array_index (new, i), TRUE);
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
  g_autoptr (GPtrArray) olds = g_ptr_array_new (), news = g_ptr_array_new ();

  if (old != NULL)
    g_ptr_array_add (olds, (gpointer) old);
  if (new != NULL)
    g_ptr_array_add (news, (gpointer) new);
  netns_wanted_replace_all (core, plan, olds, news);
}

static gboolean
has_rules (const NetnsDefinition *definition)
{
  if (definition->class == &netns_network_class)
    return netns_network_has_rules ((const NetnsNetwork *) definition);
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

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
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
  g_autoptr (GPtrArray) definitions = list_with_rules (core, namespace_name);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < definitions->len; i++) {
    const NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    g_autofree char *what = g_ascii_strdown (definition->class->group, -1);

    if (has_rules (definition))
      g_ptr_array_add (names, g_strconcat (what, " ", name_of_rules (definition), NULL));
  }
  g_ptr_array_sort (names, compare_texts);
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
  commands = netns_ruleset_build (&wanted, TRUE);
  netns_plan_add (plan, &netns_operation_rules_restore, namespace_name, "{'commands': <%s>, 'if-damaged': <%b>}",
                  commands, if_damaged);
}
