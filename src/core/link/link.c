/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/link.h"

#include "common/error.h"
#include "common/options.h"
#include "core/link/give-steps.h"
#include "core/link/link-name.h"
#include "core/link/link-steps.h"
#include "core/link/loops.h"
#include "core/ruleset/guard.h"
#include "core/service/core.h"
#include "core/service/auth-scope.h"

#include <linux/if.h>
#include <string.h>

#define DESCRIPTION_MAX 255 /* IFALIASZ - 1 */

/* A plan that changes @link, so far without a step; what netns_core_use_namespace() notes is noted in it. */
NetnsPlan *
netns_link_plan_new (NetnsCore *core, guint caller, const NetnsLink *link, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, link->namespace->name, error) == NULL)
    return NULL;
  netns_plan_set_detail (plan, "link", link->info.name);
  netns_plan_set_detail (plan, "kind", link->info.kind);
  netns_plan_use_identity (plan, link->identity);
  return g_steal_pointer (&plan);
}

/* As a network finds its bridge, also by an alternative name: one that was renamed by others is still its bridge. */
static const NetnsNetwork *
find_network_with_bridge (NetnsCore *core, const NetnsLink *link)
{
  GHashTableIter iter;
  NetnsNetwork *network;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (netns_network_find_bridge (netns_core_get_mirror (core), network) == link)
      return network;
  return NULL;
}

/* The rules of a network go by the name of its bridge. */
static gboolean
refuse_bridge_of_network (NetnsCore *core, const NetnsLink *link, const char *what, GError **error)
{
  const NetnsNetwork *network = find_network_with_bridge (core, link);
  g_autofree char *name = NULL;

  if (network == NULL)
    return TRUE;
  name = netns_network_print (network);
  return netns_refuse (error, NETNS_ERROR_BUSY,
                       "Link “%s” is the bridge of network “%s” and cannot be %s; delete the network instead",
                       link->info.name, name, what);
}

static gboolean
refuse_ports (const NetnsLink *link, GError **error)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (link);
  g_autoptr (GString) names = g_string_new (NULL);

  if (ports->len == 0)
    return TRUE;
  for (guint i = 0; i < ports->len; i++)
    g_string_append_printf (names, "%s%s", i ? ", " : "", ((NetnsLink *) g_ptr_array_index (ports, i))->info.name);
  return netns_refuse (error, NETNS_ERROR_BUSY, "Bridge “%s” still has ports, detach or delete them first: %s",
                       link->info.name, names->str);
}

/* The plan for method Link.Delete. Errors: `NotSupported`, `Busy`. */
NetnsPlan *
netns_link_delete (NetnsCore *core, guint caller, NetnsLink *link, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_link_plan_new (core, caller, link, error);

  if (plan == NULL || !refuse_bridge_of_network (core, link, "deleted", error) || !refuse_ports (link, error))
    return NULL;
  if (*link->info.kind == '\0' || (link->info.flags & IFF_LOOPBACK))
    return netns_refuse_null (error, NETNS_ERROR_NOT_SUPPORTED, "Link “%s” is %s and cannot be deleted",
                              link->info.name, *link->info.kind ? "the loopback link" : "a physical link");
  netns_plan_link_delete (plan, link->namespace->name, &(NetnsLinkRef) { .index = link->info.index });
  return g_steal_pointer (&plan);
}

/* The plan for method Link.SetName. Errors: `InvalidName`, `Exists`, `Busy`. */
NetnsPlan *
netns_link_set_name (NetnsCore *core, guint caller, NetnsLink *link, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_link_plan_new (core, caller, link, error);
  g_autofree char *chosen = NULL, *alternative = NULL;

  if (plan == NULL || !netns_validate_link_name (name, error))
    return NULL;
  if (strcmp (link->info.name, name) == 0)
    return g_steal_pointer (&plan);
  if (!refuse_bridge_of_network (core, link, "renamed", error)
      || !netns_link_name_choose (link->namespace, name, &chosen, &alternative, error))
    return NULL;
  netns_plan_link_set_name (plan, link->namespace->name,
                            &(NetnsLinkSetting) { .link.index = link->info.index, .name = chosen });
  if (alternative != NULL)
    netns_plan_alternative_name_add (plan, link->namespace->name,
                                     &(NetnsAlternativeName) { .link.index = link->info.index, .name = alternative });
  return g_steal_pointer (&plan);
}

typedef void (*SettingFunc) (NetnsPlan *plan, const char *namespace_name, const NetnsLinkSetting *setting);

/* A plan of one step, which gives @link one of the settings. */
static NetnsPlan *
plan_setting (NetnsCore *core, guint caller, const NetnsLink *link, SettingFunc add_step, NetnsLinkSetting setting,
              GError **error)
{
  NetnsPlan *plan = netns_link_plan_new (core, caller, link, error);

  setting.link.index = link->info.index;
  if (plan != NULL)
    add_step (plan, link->namespace->name, &setting);
  return plan;
}

/* What it lost when it was set down. */
static void
plan_parked (NetnsCore *core, NetnsPlan *plan, const NetnsLink *link)
{
  const NetnsParkedThings *things = netns_parked_find (netns_core_get_parked (core), link);

  if (things != NULL)
    netns_plan_link_give (
      plan, link->namespace->name,
      &(NetnsLinkGive) { .link.index = link->info.index, .addresses = things->addresses, .routes = things->routes });
}

/* The plan for method Link.SetEnabled. Error: `Loop`. */
NetnsPlan *
netns_link_set_enabled (NetnsCore *core, guint caller, NetnsLink *link, gboolean enabled, GError **error)
{
  NetnsLinkSetting setting = { .enabled = enabled };
  NetnsLink *master = netns_namespace_get_link (link->namespace, link->info.master);
  NetnsPlan *plan;

  if (enabled && master != NULL && netns_link_is_bridge (master) && !netns_loops_check_port (core, link, master, error))
    return NULL;
  plan = plan_setting (core, caller, link, netns_plan_link_set_enabled, setting, error);
  if (plan != NULL && enabled)
    plan_parked (core, plan, link);
  return plan;
}

/* The plan for method Link.SetMtu, in bytes. Error: `InvalidArgument`. */
NetnsPlan *
netns_link_set_mtu (NetnsCore *core, guint caller, NetnsLink *link, guint32 mtu, GError **error)
{
  NetnsLinkSetting setting = { .mtu = mtu };

  if (!netns_validate_mtu (mtu, error))
    return NULL;
  return plan_setting (core, caller, link, netns_plan_link_set_mtu, setting, error);
}

/* The plan for method Link.SetMacAddress. Errors: `InvalidArgument`, `AddressInUse`. */
NetnsPlan *
netns_link_set_mac (NetnsCore *core, guint caller, NetnsLink *link, const char *mac, GError **error)
{
  NetnsLinkSetting setting = { .link.index = link->info.index };
  NetnsPlan *plan;

  if (!netns_parse_mac (mac, setting.mac, error) || !netns_guard_check_mac (core, link, setting.mac, error))
    return NULL;
  plan = netns_link_plan_new (core, caller, link, error);
  if (plan == NULL)
    return NULL;
  netns_guard_plan_mac (core, plan, link, setting.mac);
  netns_plan_link_set_mac (plan, link->namespace->name, &setting);
  return plan;
}

/* The plan for method Link.SetDescription, empty for none. Error: `InvalidArgument`. */
NetnsPlan *
netns_link_set_description (NetnsCore *core, guint caller, NetnsLink *link, const char *description, GError **error)
{
  NetnsLinkSetting setting = { .description = description };

  if (strlen (description) > DESCRIPTION_MAX)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "A description can have at most %d bytes, not %zu",
                              DESCRIPTION_MAX, strlen (description));
  return plan_setting (core, caller, link, netns_plan_link_set_description, setting, error);
}

/* The plan for method Link.MoveTo; @name_there is what the link will be called there. Errors: `NotFound`,
 * `InvalidName`, `InvalidArgument`, `Exists`, `Busy`. */
NetnsPlan *
netns_link_move_to (NetnsCore *core, guint caller, NetnsLink *link, const char *namespace_name, GVariant *options,
                    char **name_there, GError **error)
{
  const char *from = link->namespace->name;
  g_autoptr (NetnsPlan) plan = NULL;
  g_autofree char *chosen = NULL, *alternative = NULL;
  const char *new_name = "";
  NetnsNamespace *to;
  gboolean name_first;

  if (netns_options_check (netns_options_link_move_to, NULL, options, error))
    plan = netns_link_plan_new (core, caller, link, error);
  to = plan ? netns_core_use_namespace (core, plan, caller, namespace_name, error) : NULL;
  g_variant_lookup (options, "name", "&s", &new_name);
  if (to == NULL || !refuse_bridge_of_network (core, link, "moved", error))
    return NULL;
  if (to == link->namespace)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "Link “%s” is already in that namespace",
                              link->info.name);
  if (*new_name == '\0' && netns_namespace_find_link (to, link->info.name) != NULL)
    return netns_refuse_null (error, NETNS_ERROR_EXISTS,
                              "There is already a link “%s” %s%s; give the moved link another name", link->info.name,
                              *to->name ? "in namespace " : "in the host namespace", to->name);
  if (*new_name != '\0' && !netns_link_name_choose (to, new_name, &chosen, &alternative, error))
    return NULL;
  *name_there = g_strdup (chosen ? chosen : link->info.name);
  /* A move loses addresses, routes and the master, which cannot be undone, so it comes last. The alternative name goes
   * along, unless another link has it here (dev_change_net_namespace() in net/core/dev.c). */
  name_first = alternative != NULL && netns_namespace_find_link (link->namespace, alternative) == NULL;
  if (name_first)
    netns_plan_alternative_name_add (plan, from,
                                     &(NetnsAlternativeName) { .link.index = link->info.index, .name = alternative });
  netns_origins_plan_move (netns_core_get_origins (core), plan, link, to, *name_there);
  netns_plan_link_move (
    plan, from, &(NetnsLinkMove) { .link.index = link->info.index, .to_namespace = to->name, .new_name = chosen });
  if (alternative != NULL && !name_first)
    netns_plan_alternative_name_add (plan, to->name,
                                     &(NetnsAlternativeName) { .link.name = *name_there, .name = alternative });
  return g_steal_pointer (&plan);
}

/* The plan for method Link.AttachTo. Errors: `InvalidArgument`, `Busy`, `Loop`. */
NetnsPlan *
netns_link_attach_to (NetnsCore *core, guint caller, NetnsLink *link, NetnsLink *bridge, GError **error)
{
  NetnsLinkSetting setting = { .master = bridge->info.index };
  NetnsPlan *plan;

  if (link->namespace != bridge->namespace)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT,
                              "Link “%s” and the bridge are in different namespaces; move the link first",
                              link->info.name);
  if (!netns_link_is_bridge (bridge))
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is not a bridge", bridge->info.name);
  if (link->info.master == bridge->info.index)
    return netns_link_plan_new (core, caller, link, error);
  if (link->info.master != 0)
    return netns_refuse_null (error, NETNS_ERROR_BUSY, "Link “%s” is already attached to a bridge; detach it first",
                              link->info.name);
  if (!netns_loops_check_port (core, link, bridge, error))
    return NULL;
  plan = plan_setting (core, caller, link, netns_plan_link_set_master, setting, error);
  if (plan != NULL)
    netns_plan_use_identity (plan, bridge->identity);
  return plan;
}

/* The plan for method Link.Detach. Error: `InvalidArgument`. */
NetnsPlan *
netns_link_detach (NetnsCore *core, guint caller, NetnsLink *link, GError **error)
{
  NetnsLinkSetting setting = { .master = 0 };
  const NetnsLink *master = netns_namespace_get_link (link->namespace, link->info.master);
  NetnsPlan *plan;

  if (link->info.master == 0)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "Link “%s” is not attached to a bridge",
                              link->info.name);
  plan = plan_setting (core, caller, link, netns_plan_link_set_master, setting, error);
  if (plan != NULL && master != NULL)
    netns_plan_use_identity (plan, master->identity);
  return plan;
}
