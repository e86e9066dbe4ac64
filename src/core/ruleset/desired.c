/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/desired.h"

#include "core/ruleset/guard-rules.h"
#include "core/ruleset/rules-steps.h"
#include "core/ruleset/ruleset.h"
#include "core/state/state-steps.h"

#include <string.h>
#include <sys/socket.h>

/* The rules of a forward are in the host, wherever it leads to. */
static const char *
place_of_rules (const NetnsDefinition *definition)
{
  return definition->class->in_host ? "" : definition->namespace_name;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(NetnsDefinition *const *) a)->name, (*(NetnsDefinition *const *) b)->name);
}

/* The definitions with rules in a namespace, by name: as the service has them, or with @new in the place of @old. */
static GPtrArray *
collect (NetnsCore *core, const char *namespace_name, GPtrArray *old, GPtrArray *new)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL, NULL);
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < definitions->len; i++)
    if (strcmp (place_of_rules (g_ptr_array_index (definitions, i)), namespace_name) == 0)
      g_ptr_array_add (list, g_ptr_array_index (definitions, i));
  for (guint i = 0; old != NULL && i < old->len; i++)
    g_ptr_array_remove_fast (list, g_ptr_array_index (old, i));
  if (new != NULL)
    g_ptr_array_extend (list, new, NULL, NULL);
  g_ptr_array_sort (list, compare_names);
  return list;
}

/* Returns: whether @definition needs its namespace, or of a forward the host, to forward packets of @family */
gboolean
netns_desired_forwards (const NetnsDefinition *definition, int family)
{
  const NetnsNetwork *network = (const NetnsNetwork *) definition;

  if (definition->class == &netns_network_class)
    return network->nat && netns_addresses_have_family (network->subnets, family);
  if (definition->class == &netns_nat_class)
    return netns_addresses_have_family (((const NetnsNat *) definition)->sources, family);
  return definition->class == &netns_forward_class
         && netns_forward_has_family ((const NetnsForward *) definition, family);
}

/* @links: (out): links whose IPv4 packets @definition needs forwarded; their names live as long as it
 *
 * Returns: whether there can be any */
gboolean
netns_desired_find_links (NetnsCore *core, const NetnsDefinition *definition, NetnsForwardingLinks *links)
{
  const NetnsNetwork *network = (const NetnsNetwork *) definition;
  const NetnsForward *forward = (const NetnsForward *) definition;

  *links = (NetnsForwardingLinks) { .bridge = "", .uplink = "" };
  if (!netns_desired_forwards (definition, AF_INET))
    return FALSE;
  if (definition->class == &netns_forward_class) {
    network = g_hash_table_lookup (netns_core_get_definitions (core, &netns_network_class), forward->network);
    links->any_uplink = forward->scope == NETNS_SCOPE_PUBLIC;
    if (forward->scope == NETNS_SCOPE_LOOPBACK) /* its answers are for the host itself */
      return FALSE;
  } else {
    links->uplink = definition->class == &netns_nat_class ? ((const NetnsNat *) definition)->uplink : network->uplink;
    links->any_uplink = *links->uplink == '\0';
  }
  if (definition->class != &netns_nat_class && network != NULL) {
    links->bridge = network->bridge;
    links->own = network->bridge_made;
  }
  return TRUE;
}

static gboolean
any_forwards (GPtrArray *definitions, int family)
{
  for (guint i = 0; i < definitions->len; i++)
    if (netns_desired_forwards (g_ptr_array_index (definitions, i), family))
      return TRUE;
  return FALSE;
}

/* Whether forwards come and go, and all else stays. */
static gboolean
is_change_of_elements (GPtrArray *before, GPtrArray *after)
{
  g_autofree char *frame_before = netns_ruleset_build (before, FALSE),
                  *frame_after = netns_ruleset_build (after, FALSE);

  return strcmp (frame_before, frame_after) == 0;
}

static gboolean
are_bindings (const GPtrArray *definitions)
{
  for (guint i = 0; i < definitions->len; i++)
    if (((NetnsDefinition *) g_ptr_array_index (definitions, i))->class != &netns_binding_class)
      return FALSE;
  return TRUE;
}

static void
plan_rules (NetnsPlan *plan, const char *namespace_name, GPtrArray *before, GPtrArray *after, GPtrArray *old,
            GPtrArray *new)
{
  const NetnsDefinition *any = g_ptr_array_index (new->len > 0 ? new : old, 0);
  g_autofree char *frame = NULL, *commands = NULL, *undo = NULL;

  if ((!netns_ruleset_wants_table (before) && !netns_ruleset_wants_table (after))
      || (are_bindings (old) && are_bindings (new)))
    return;
  if (any->class == &netns_forward_class && is_change_of_elements (before, after)) {
    frame = netns_ruleset_build_maps ();
    commands = netns_ruleset_build_change (old, new);
    undo = netns_ruleset_build_change (new, old);
  } else {
    commands = netns_ruleset_build (after, TRUE);
    undo = netns_ruleset_build (before, TRUE);
  }
  if (g_strcmp0 (commands, undo) != 0)
    netns_plan_nft (plan, namespace_name, &(NetnsRulesChange) { .frame = frame, .commands = commands, .undo = undo });
}

static GPtrArray *
list_bindings (GPtrArray *definitions)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < definitions->len; i++)
    if (((NetnsDefinition *) g_ptr_array_index (definitions, i))->class == &netns_binding_class)
      g_ptr_array_add (list, g_ptr_array_index (definitions, i));
  return list;
}

static gboolean
is_guarded (const NetnsDefinition *definition)
{
  return definition->class == &netns_network_class && ((const NetnsNetwork *) definition)->guarded;
}

static gboolean
wants_guard (GPtrArray *definitions)
{
  for (guint i = 0; i < definitions->len; i++)
    if (is_guarded (g_ptr_array_index (definitions, i)))
      return TRUE;
  return FALSE;
}

/* %NULL if there is to be no table. */
static char *
build_guard (GPtrArray *definitions)
{
  g_autoptr (GPtrArray) bindings = list_bindings (definitions);

  return wants_guard (definitions) ? netns_guard_rules_build (bindings) : NULL;
}

/* The rules are the same for any number of guarded networks and members. */
static void
plan_guard (NetnsPlan *plan, const char *namespace_name, GPtrArray *before, GPtrArray *after, GPtrArray *old,
            GPtrArray *new)
{
  g_autoptr (GPtrArray) bindings_old = list_bindings (old), bindings_new = list_bindings (new);
  g_autofree char *frame = NULL, *commands = NULL, *undo = NULL;

  if (wants_guard (before) && wants_guard (after)) {
    frame = netns_guard_rules_build_sets ();
    commands = netns_guard_rules_build_change (bindings_old, bindings_new);
    undo = netns_guard_rules_build_change (bindings_new, bindings_old);
  } else {
    commands = build_guard (after);
    undo = build_guard (before);
  }
  if (g_strcmp0 (commands, undo) == 0)
    return;
  if (commands == NULL)
    commands = netns_guard_rules_build_removal ();
  if (undo == NULL)
    undo = netns_guard_rules_build_removal ();
  netns_plan_guard (plan, namespace_name, &(NetnsRulesChange) { .frame = frame, .commands = commands, .undo = undo });
}

static void
plan_forwarding (NetnsPlan *plan, const char *namespace_name, GPtrArray *before, GPtrArray *after, int family)
{
  gboolean had = any_forwards (before, family), has = any_forwards (after, family);

  if (had != has)
    (has ? netns_plan_forwarding_enable
         : netns_plan_forwarding_restore) (plan, namespace_name, &(NetnsForwarding) { .family = (guint) family });
}

/* Whatever the namespace as a whole does: a link may not forward all the same. */
static void
plan_links (NetnsCore *core, NetnsPlan *plan, const char *namespace_name, GPtrArray *new)
{
  for (guint i = 0; i < new->len; i++) {
    NetnsForwardingLinks links;

    if (netns_desired_find_links (core, g_ptr_array_index (new, i), &links))
      netns_plan_forwarding_links (plan, namespace_name, &links);
  }
}

typedef struct {
  NetnsCore *core;
  NetnsDefinition *definition;
  gboolean put;
} Commit;

static void
free_commit (gpointer data)
{
  Commit *commit = data;

  netns_definition_free (commit->definition);
  g_free (commit);
}

static void
commit_definition (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;

  if (commit->put)
    netns_core_put_definition (commit->core, g_steal_pointer (&commit->definition));
  else
    netns_core_drop_definition (commit->core, commit->definition);
}

static void
plan_definition (NetnsCore *core, NetnsPlan *plan, const NetnsDefinition *definition, gboolean put)
{
  g_autofree char *file = netns_definition_get_file (definition), *contents = NULL;
  Commit *commit = g_new (Commit, 1);

  if (put)
    contents = netns_definition_print (definition);
  netns_plan_state_write (plan, "", &(NetnsStateWrite) { .file = file, .contents = contents });
  *commit = (Commit) { core, netns_definition_copy (definition), put };
  netns_plan_on_commit (plan, commit_definition, commit, free_commit);
}

static gboolean
is_successor (const NetnsDefinition *definition, const NetnsDefinition *old)
{
  return definition->class == old->class && strcmp (definition->name, old->name) == 0;
}

static gboolean
has_successor (const NetnsDefinition *definition, GPtrArray *new)
{
  for (guint i = 0; i < new->len; i++)
    if (is_successor (g_ptr_array_index (new, i), definition))
      return TRUE;
  return FALSE;
}

/* As netns_desired_replace(), of several definitions that have their rules in one namespace. */
void
netns_desired_replace_all (NetnsCore *core, NetnsPlan *plan, GPtrArray *old, GPtrArray *new)
{
  const char *place = place_of_rules (g_ptr_array_index (new->len > 0 ? new : old, 0));
  g_autoptr (GPtrArray) before = collect (core, place, NULL, NULL), after = collect (core, place, old, new);

  plan_forwarding (plan, place, before, after, AF_INET);
  plan_forwarding (plan, place, before, after, AF_INET6);
  plan_links (core, plan, place, new);
  plan_rules (plan, place, before, after, old, new);
  plan_guard (plan, place, before, after, old, new);
  for (guint i = 0; i < old->len; i++)
    if (!has_successor (g_ptr_array_index (old, i), new))
      plan_definition (core, plan, g_ptr_array_index (old, i), FALSE);
  for (guint i = 0; i < new->len; i++)
    plan_definition (core, plan, g_ptr_array_index (new, i), TRUE);
}

/* Adds the steps that rules, forwarding and the file need for a definition; when the plan is done, the service has it.
 * @old is %NULL for a new one, and @new for one that is deleted. */
void
netns_desired_replace (NetnsCore *core, NetnsPlan *plan, const NetnsDefinition *old, const NetnsDefinition *new)
{
  g_autoptr (GPtrArray) olds = g_ptr_array_new (), news = g_ptr_array_new ();

  if (old != NULL)
    g_ptr_array_add (olds, (gpointer) old);
  if (new != NULL)
    g_ptr_array_add (news, (gpointer) new);
  netns_desired_replace_all (core, plan, olds, news);
}

/* A firewall has the name of its namespace. */
static char *
print_name_of_rules (const NetnsDefinition *definition)
{
  if (definition->class == &netns_network_class)
    return netns_network_print ((const NetnsNetwork *) definition);
  if (definition->class != &netns_firewall_class)
    return g_strdup (definition->name);
  return g_strdup (*definition->namespace_name ? definition->namespace_name : "@host");
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Returns: (transfer full) (element-type utf8): what there are rules for, such as `network lan` and `nat 1` */
GPtrArray *
netns_desired_name_rules (NetnsCore *core, const char *namespace_name)
{
  g_autoptr (GPtrArray) definitions = collect (core, namespace_name, NULL, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < definitions->len; i++) {
    const NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    g_autofree char *what = g_ascii_strdown (definition->class->group, -1), *name = print_name_of_rules (definition);

    if (netns_ruleset_has_rules (definition) || is_guarded (definition))
      g_ptr_array_add (names, g_strconcat (what, " ", name, NULL));
  }
  g_ptr_array_sort (names, compare_texts);
  return names;
}

/* @inet, @bridge: (out): whether nothing is wanted in our table of that family in a namespace */
void
netns_desired_miss_tables (NetnsCore *core, const char *namespace_name, gboolean *inet, gboolean *bridge)
{
  g_autoptr (GPtrArray) definitions = collect (core, namespace_name, NULL, NULL);

  *inet = !netns_ruleset_wants_table (definitions);
  *bridge = !wants_guard (definitions);
}

/* Returns: (transfer full): the commands that make our tables in a namespace: a line of JSON, and if networks are guarded
 * there, further lines in the language of nft */
char *
netns_desired_print_rules (NetnsCore *core, const char *namespace_name)
{
  g_autoptr (GPtrArray) definitions = collect (core, namespace_name, NULL, NULL);
  g_autofree char *commands = netns_ruleset_build (definitions, TRUE), *guard = build_guard (definitions);

  return g_strconcat (commands, guard ? "\n" : NULL, guard, NULL);
}
