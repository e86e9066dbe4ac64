/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/give-steps.h"

#include "common/error.h"
#include "core/plan/run.h"
#include "kernel/route.h"

static void
take_addresses (NetnsRun *run, NetnsNetlink *netlink, guint index, const GArray *addresses)
{
  for (guint i = addresses->len; i > 0; i--)
    netns_rtnl_address_remove (netns_run_get_grant (run), netlink, index,
                               &g_array_index (addresses, NetnsLinkAddress, i - 1), NULL);
}

/**
 * netns_give_addresses:
 * @run: the plan's
 * @netlink: the link's namespace
 * @index: its ifindex
 * @addresses: (element-type NetnsLinkAddress): what it must have
 * @given: (nullable): where those are noted that it had not
 * @error: as of netns_rtnl_address_add(), and `Busy`
 *
 * Returns: whether it has all of them now; otherwise it has what it had
 */
gboolean
netns_give_addresses (NetnsRun *run, NetnsNetlink *netlink, guint index, const GArray *addresses, GArray *given,
                      GError **error)
{
  g_autoptr (GArray) there = netns_rtnl_address_list (netlink, index, error);
  g_autoptr (GArray) added = g_array_new (FALSE, FALSE, sizeof (NetnsLinkAddress));

  if (there == NULL)
    return FALSE;
  for (guint i = 0; i < addresses->len; i++) {
    const NetnsLinkAddress *address = &g_array_index (addresses, NetnsLinkAddress, i);
    g_autoptr (GError) refusal = NULL;

    if (netns_link_addresses_find (there, address, NULL) != NULL)
      continue;
    if (netns_rtnl_address_add (netns_run_get_grant (run), netlink, index, address, &refusal)) {
      g_array_append_vals (added, address, 1);
    } else if (g_error_matches (refusal, NETNS_ERROR,
                                NETNS_ERROR_NOT_SUPPORTED)) { /* IPv6 was switched off meanwhile */
      g_message ("%s", refusal->message);
    } else {
      take_addresses (run, netlink, index, added);
      g_propagate_error (error, g_steal_pointer (&refusal));
      return FALSE;
    }
  }
  if (given != NULL)
    g_array_append_vals (given, added->data, added->len);
  return TRUE;
}

/* What it was really given, in the same form. */
typedef struct {
  GPtrArray *addresses;
  GPtrArray *routes;
} Given;

/* What is there already is not given again, and where others have changed things there may be no way any more. */
static GPtrArray *
give_routes (NetnsRun *run, NetnsNetlink *netlink, const GPtrArray *saved)
{
  g_autoptr (GArray) routes = netns_routes_load (saved);
  g_autoptr (GArray) given = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));

  for (guint i = 0; i < routes->len; i++) {
    const NetnsRoute *route = &g_array_index (routes, NetnsRoute, i);
    g_autoptr (GError) error = NULL;

    if (netns_rtnl_route_add (netns_run_get_grant (run), netlink, route, 1, FALSE, &error))
      g_array_append_vals (given, route, 1);
    else if (!g_error_matches (error, NETNS_ERROR, NETNS_ERROR_EXISTS))
      g_message ("%s", error->message);
  }
  return netns_routes_save ((const NetnsRoute *) (gconstpointer) given->data, given->len);
}

static void
take_routes (NetnsRun *run, NetnsNetlink *netlink, const GPtrArray *saved)
{
  g_autoptr (GArray) routes = netns_routes_load (saved);

  for (guint i = routes->len; i > 0; i--)
    netns_rtnl_route_remove (netns_run_get_grant (run), netlink, &g_array_index (routes, NetnsRoute, i - 1), 1, NULL);
}

static gboolean
give (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsLinkGive *parameter = step->parameter;
  Given *given = step->kept;
  g_autoptr (GArray) addresses = netns_link_addresses_load (parameter->addresses);
  g_autoptr (GArray) added = g_array_new (FALSE, FALSE, sizeof (NetnsLinkAddress));
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  if (index == 0 || !netns_give_addresses (run, netlink, index, addresses, added, error))
    return FALSE;
  given->addresses = netns_link_addresses_save (added, "");
  given->routes = give_routes (run, netlink, parameter->routes);
  return TRUE;
}

/* What has gone meanwhile need not be taken back. */
static gboolean
take_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Given *given = step->kept;
  g_autoptr (GArray) addresses = netns_link_addresses_load (given->addresses);
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  if (index == 0)
    return FALSE;
  take_routes (run, netlink, given->routes);
  take_addresses (run, netlink, index, addresses);
  return TRUE;
}

static void
refresh (const NetnsStep *step, NetnsMirror *mirror)
{
  netns_mirror_refresh_addresses (mirror, step->namespace_name);
}

static const NetnsField give_fields[] = {
  NETNS_LINK_REF_FIELDS,
  { "addresses", NETNS_FIELD_DICTS, offsetof (NetnsLinkGive, addresses) },
  { "routes", NETNS_FIELD_DICTS, offsetof (NetnsLinkGive, routes) },
  { NULL }
};

static const NetnsField given_fields[] = {
  { "addresses", NETNS_FIELD_DICTS, offsetof (Given, addresses) },
  { "routes", NETNS_FIELD_DICTS, offsetof (Given, routes) },
  { NULL }
};

const NetnsOperation netns_operation_link_give = {
  .name = "link-give",
  .execute = give,
  .undo = take_back,
  .parameter = NETNS_RECORD (NetnsLinkGive, give_fields),
  .kept = NETNS_RECORD (Given, given_fields),
  .refresh = refresh,
};
