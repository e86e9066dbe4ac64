/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link.h"

#include "common/error.h"
#include "core/core.h"
#include "core/link-name.h"
#include "core/operations.h"

#include <linux/if.h>
#include <string.h>

#define DESCRIPTION_MAX 255 /* IFALIASZ - 1 */

/**
 * netns_link_use:
 * @core: the service
 * @plan: a plan
 * @caller: uid that asks for it
 * @target: a link that the plan changes
 * @error: `NotFound`
 *
 * Notes in the plan which link is meant, as netns_core_use_namespace() does of namespaces.
 *
 * Returns: (transfer none) (nullable): the link
 */
NetnsLink *
netns_link_use (NetnsCore *core, NetnsPlan *plan, guint caller, const NetnsLinkTarget *target, GError **error)
{
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, target->namespace_name, error);
  NetnsLink *link = namespace ? netns_namespace_get_link (namespace, target->index) : NULL;

  if (link != NULL) {
    netns_plan_set_detail (plan, "link", link->info.name);
    netns_plan_set_detail (plan, "kind", link->info.kind);
  } else if (namespace != NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link %u in namespace “%s” any more",
                 target->index, target->namespace_name);
  }
  return link;
}

static NetnsNetwork *
find_network_of (NetnsCore *core, const NetnsLink *link)
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
  NetnsNetwork *network = find_network_of (core, link);

  if (network == NULL)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY,
               "Link “%s” is the bridge of network “%s” and cannot be %s; delete the network instead", link->info.name,
               network->base.name, what);
  return FALSE;
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
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY, "Bridge “%s” still has ports, detach or delete them first: %s",
               link->info.name, names->str);
  return FALSE;
}

/**
 * netns_link_delete:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @error: `NotFound`, `NotSupported`, `Busy`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.Delete
 */
NetnsPlan *
netns_link_delete (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *link = netns_link_use (core, plan, caller, target, error);

  if (link == NULL || !refuse_bridge_of_network (core, link, "deleted", error) || !refuse_ports (link, error))
    return NULL;
  if (*link->info.kind == '\0' || (link->info.flags & IFF_LOOPBACK)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED, "Link “%s” is %s and cannot be deleted",
                 link->info.name, *link->info.kind ? "the loopback link" : "a physical link");
    return NULL;
  }
  netns_plan_add (plan, &netns_operation_link_delete, target->namespace_name, "{'index': <%u>}", target->index);
  return g_steal_pointer (&plan);
}

/* One setting of one link: the value is a GVariant, consumed. */
static NetnsPlan *
set_one (NetnsPlan *plan, const NetnsLinkTarget *target, const NetnsOperation *operation, GVariant *value)
{
  netns_plan_add (plan, operation, target->namespace_name, "{'index': <%u>, 'value': <%*>}", target->index, value);
  return plan;
}

/**
 * netns_link_set_enabled:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @enabled: whether it shall be up
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.SetEnabled
 */
NetnsPlan *
netns_link_set_enabled (NetnsCore *core, guint caller, const NetnsLinkTarget *target, gboolean enabled, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_link_use (core, plan, caller, target, error) == NULL)
    return NULL;
  return set_one (g_steal_pointer (&plan), target, &netns_operation_link_set_enabled, g_variant_new_boolean (enabled));
}

/**
 * netns_link_set_name:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @name: its new name
 * @error: `NotFound`, `InvalidName`, `Exists`, `Busy`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.SetName
 */
NetnsPlan *
netns_link_set_name (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *link = netns_link_use (core, plan, caller, target, error);
  g_autofree char *chosen = NULL, *alternative = NULL;

  if (link == NULL || !netns_validate_link_name (name, error))
    return NULL;
  if (strcmp (link->info.name, name) == 0)
    return g_steal_pointer (&plan);
  if (!refuse_bridge_of_network (core, link, "renamed", error)
      || !netns_link_name_choose (link->namespace, name, &chosen, &alternative, error))
    return NULL;
  set_one (plan, target, &netns_operation_link_set_name, g_variant_new_string (chosen));
  if (alternative != NULL)
    netns_plan_add (plan, &netns_operation_alternative_name_add, target->namespace_name,
                    "{'index': <%u>, 'name': <%s>}", target->index, alternative);
  return g_steal_pointer (&plan);
}

/**
 * netns_link_set_mtu:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @mtu: bytes
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.SetMtu
 */
NetnsPlan *
netns_link_set_mtu (NetnsCore *core, guint caller, const NetnsLinkTarget *target, guint32 mtu, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_link_use (core, plan, caller, target, error) == NULL || !netns_validate_mtu (mtu, error))
    return NULL;
  return set_one (g_steal_pointer (&plan), target, &netns_operation_link_set_mtu, g_variant_new_uint32 (mtu));
}

/**
 * netns_link_set_mac:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @mac: its new hardware address
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.SetMacAddress
 */
NetnsPlan *
netns_link_set_mac (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const char *mac, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  guint8 bytes[NETNS_MAC_LENGTH];

  if (netns_link_use (core, plan, caller, target, error) == NULL || !netns_parse_mac (mac, bytes, error))
    return NULL;
  return set_one (g_steal_pointer (&plan), target, &netns_operation_link_set_mac, g_variant_new_string (mac));
}

/**
 * netns_link_set_description:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @description: free text, empty for none
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.SetDescription
 */
NetnsPlan *
netns_link_set_description (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const char *description,
                            GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_link_use (core, plan, caller, target, error) == NULL)
    return NULL;
  if (strlen (description) > DESCRIPTION_MAX) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "A description has at most %d bytes, not %zu",
                 DESCRIPTION_MAX, strlen (description));
    return NULL;
  }
  return set_one (g_steal_pointer (&plan), target, &netns_operation_link_set_description,
                  g_variant_new_string (description));
}

static const NetnsLinkAddressEntry *
find_address (const NetnsLink *link, const NetnsAddress *address)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsLinkAddressEntry *entry = &g_array_index (link->addresses, NetnsLinkAddressEntry, i);

    if (netns_address_equal (&entry->address, address))
      return entry;
  }
  return NULL;
}

static gboolean
check_unused (NetnsLink *link, const NetnsAddress *address, GError **error)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (link->namespace);
  char text[NETNS_ADDRESS_MAX_TEXT];

  netns_address_print (address, text);
  if (find_address (link, address) != NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "Link “%s” has address %s already", link->info.name, text);
    return FALSE;
  }
  for (guint i = 0; i < links->len; i++) {
    const NetnsLink *other = g_ptr_array_index (links, i);

    if (other == link || !netns_link_has_address (other, address))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_ADDRESS_IN_USE, "Link “%s” of the same namespace has address %s already",
                 other->info.name, text);
    return FALSE;
  }
  return TRUE;
}

/**
 * netns_link_add_address:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @address: an address with prefix length
 * @error: `NotFound`, `Exists`, `AddressInUse`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.AddAddress
 */
NetnsPlan *
netns_link_add_address (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const NetnsAddress *address,
                        GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *link = netns_link_use (core, plan, caller, target, error);
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (link == NULL || !check_unused (link, address, error))
    return NULL;
  netns_plan_add (plan, &netns_operation_address_add, target->namespace_name, "{'index': <%u>, 'address': <%s>}",
                  target->index, netns_address_print (address, text));
  return g_steal_pointer (&plan);
}

/**
 * netns_link_remove_address:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @address: one of its addresses, with prefix length
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.RemoveAddress
 */
NetnsPlan *
netns_link_remove_address (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const NetnsAddress *address,
                           GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *link = netns_link_use (core, plan, caller, target, error);
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (link == NULL)
    return NULL;
  netns_address_print (address, text);
  if (find_address (link, address) == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "Link “%s” does not have address %s", link->info.name,
                 text);
    return NULL;
  }
  netns_plan_add (plan, &netns_operation_address_remove, target->namespace_name, "{'index': <%u>, 'address': <%s>}",
                  target->index, text);
  return g_steal_pointer (&plan);
}

/**
 * netns_link_move_to:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @namespace_name: where it shall go
 * @new_name: what it shall be called there, empty for the same
 * @name_there: (out) (transfer full): what it will be called there
 * @error: `NotFound`, `InvalidName`, `InvalidArgument`, `Exists`, `Busy`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.MoveTo
 */
NetnsPlan *
netns_link_move_to (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const char *namespace_name,
                    const char *new_name, char **name_there, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *link = netns_link_use (core, plan, caller, target, error);
  NetnsNamespace *to = link ? netns_core_use_namespace (core, plan, caller, namespace_name, error) : NULL;
  g_autofree char *chosen = NULL, *alternative = NULL;
  gboolean name_first;

  if (to == NULL || !refuse_bridge_of_network (core, link, "moved", error))
    return NULL;
  if (to == link->namespace) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Link “%s” is in that namespace already",
                 link->info.name);
    return NULL;
  }
  if (*new_name != '\0' ? !netns_link_name_choose (to, new_name, &chosen, &alternative, error)
                        : netns_namespace_find_link (to, link->info.name) != NULL) {
    if (*new_name == '\0')
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS,
                   "There is a link “%s” in namespace “%s” already; give it another name there", link->info.name,
                   to->name);
    return NULL;
  }
  *name_there = g_strdup (chosen ? chosen : link->info.name);
  /* What a move takes away (addresses, routes, the master) no undo brings back, so it comes last. The alternative name
   * goes along, unless another link has it here (dev_change_net_namespace() in net/core/dev.c). */
  name_first = alternative != NULL && netns_namespace_find_link (link->namespace, alternative) == NULL;
  if (name_first)
    netns_plan_add (plan, &netns_operation_alternative_name_add, target->namespace_name,
                    "{'index': <%u>, 'name': <%s>}", target->index, alternative);
  netns_origins_plan_move (netns_core_get_origins (core), plan, link, to, *name_there);
  netns_plan_add (plan, &netns_operation_link_move, target->namespace_name,
                  "{'index': <%u>, 'to-namespace': <%s>, 'new-name': <%s>}", target->index, to->name,
                  chosen ? chosen : "");
  if (alternative != NULL && !name_first)
    netns_plan_add (plan, &netns_operation_alternative_name_add, to->name, "{'link': <%s>, 'name': <%s>}", *name_there,
                    alternative);
  return g_steal_pointer (&plan);
}

/**
 * netns_link_attach_to:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @bridge: a bridge
 * @error: `NotFound`, `InvalidArgument`, `Busy`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.AttachTo
 */
NetnsPlan *
netns_link_attach_to (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const NetnsLinkTarget *bridge,
                      GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *link = netns_link_use (core, plan, caller, target, error), *master;

  if (link == NULL)
    return NULL;
  if (strcmp (target->namespace_name, bridge->namespace_name) != 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Link “%s” and the bridge are in different namespaces, move it first", link->info.name);
    return NULL;
  }
  master = netns_namespace_get_link (link->namespace, bridge->index);
  if (master == NULL || !netns_link_is_bridge (master)) {
    g_set_error (error, NETNS_ERROR, master ? NETNS_ERROR_INVALID_ARGUMENT : NETNS_ERROR_NOT_FOUND, "%s%s",
                 master ? "This is no bridge: " : "There is no such bridge", master ? master->info.name : "");
    return NULL;
  }
  if (link->info.master == bridge->index)
    return g_steal_pointer (&plan);
  if (link->info.master != 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY, "Link “%s” is a port already, detach it first",
                 link->info.name);
    return NULL;
  }
  return set_one (g_steal_pointer (&plan), target, &netns_operation_link_set_master,
                  g_variant_new_uint32 (bridge->index));
}

/**
 * netns_link_detach:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.Detach
 */
NetnsPlan *
netns_link_detach (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *link = netns_link_use (core, plan, caller, target, error);

  if (link == NULL)
    return NULL;
  if (link->info.master == 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Link “%s” is no port of anything",
                 link->info.name);
    return NULL;
  }
  return set_one (g_steal_pointer (&plan), target, &netns_operation_link_set_master, g_variant_new_uint32 (0));
}
