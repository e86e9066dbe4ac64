/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/address-steps.h"

#include "common/error.h"
#include "core/link/give-steps.h"
#include "core/plan/run.h"
#include "kernel/link.h"
#include "kernel/sysctl.h"

#include <linux/if_addr.h>
#include <sys/socket.h>

/* What adding one did besides, or instead; @switched_on is the setting that was changed for it, or %NULL. */
typedef struct {
  gboolean left_out;
  char *switched_on;
} Added;

static gboolean
switch_ipv6 (NetnsRun *run, const NetnsStep *step, const char *path, gboolean on, GError **error)
{
  int fd;

  return netns_run_get_fd (run, step->namespace_name, &fd, error)
         && netns_sysctl_set (netns_run_get_grant (run), fd, path, on ? "0" : "1", error);
}

static gboolean
add_with_ipv6 (NetnsRun *run, NetnsStep *step, NetnsNetlink *netlink, guint index)
{
  const NetnsAddressChange *change = step->parameter;
  Added *added = step->kept;
  g_auto (NetnsLinkInfo) info = { 0 };
  g_autofree char *path = NULL;

  if (!netns_rtnl_link_get (netlink, index, &info, NULL))
    return FALSE;
  path = g_strdup_printf ("net/ipv6/conf/%s/disable_ipv6", info.name);
  if (!switch_ipv6 (run, step, path, TRUE, NULL))
    return FALSE;
  if (!netns_rtnl_address_add (netns_run_get_grant (run), netlink, index, &change->address, NULL)) {
    switch_ipv6 (run, step, path, FALSE, NULL);
    return FALSE;
  }
  added->switched_on = g_steal_pointer (&path);
  return TRUE;
}

/* Where IPv6 is off. */
static gboolean
add_otherwise (NetnsRun *run, NetnsStep *step, NetnsNetlink *netlink, guint index)
{
  const NetnsAddressChange *change = step->parameter;
  Added *added = step->kept;

  if (change->ipv6_off == NETNS_IPV6_OFF_SWITCH_ON)
    return add_with_ipv6 (run, step, netlink, index);
  added->left_out = change->ipv6_off == NETNS_IPV6_OFF_LEAVE_OUT;
  if (added->left_out)
    netns_run_leave_out (run, &change->address.address);
  return added->left_out;
}

static gboolean
add_address (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsAddressChange *change = step->parameter;
  g_autoptr (GError) refusal = NULL;
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  if (index == 0)
    return FALSE;
  if (netns_rtnl_address_add (netns_run_get_grant (run), netlink, index, &change->address, &refusal)
      || (change->address.address.family == AF_INET6
          && g_error_matches (refusal, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED)
          && add_otherwise (run, step, netlink, index)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

static gboolean
give_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsAddressChange *change = step->parameter;
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  return index != 0 && netns_rtnl_address_add (netns_run_get_grant (run), netlink, index, &change->address, error);
}

/* With its first address of a subnet a link loses the others of it, unless the setting promote_secondaries is on
 * (__inet_del_ifa() in net/ipv4/devinet.c): they are given again. */
static gboolean
remove_address (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsAddressChange *change = step->parameter;
  const NetnsLinkAddress *address = &change->address;
  g_autoptr (GArray) before = NULL, others = NULL;
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error), position;

  if (index != 0 && address->address.family == AF_INET)
    before = netns_rtnl_address_list (netlink, index, error);
  if (index == 0 || (address->address.family == AF_INET && before == NULL)
      || !netns_rtnl_address_remove (netns_run_get_grant (run), netlink, index, address, error))
    return FALSE;
  if (before == NULL)
    return TRUE;
  others = g_array_copy (before);
  if (netns_link_addresses_find (others, address, &position) != NULL)
    g_array_remove_index (others, position);
  if (netns_give_addresses (run, netlink, index, others, NULL, error))
    return TRUE;
  netns_give_addresses (run, netlink, index, before, NULL, NULL);
  return FALSE;
}

/* IPv6 addresses go by themselves when their link goes down (addrconf_ifdown() in net/ipv6/addrconf.c), which the undo
 * of a later step may have done. */
static gboolean
take_address_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Added *added = step->kept;
  g_autoptr (GError) refusal = NULL;

  if (added->left_out)
    return TRUE;
  if (remove_address (run, step, &refusal) || g_error_matches (refusal, NETNS_ERROR, NETNS_ERROR_NOT_FOUND))
    return added->switched_on == NULL || switch_ipv6 (run, step, added->switched_on, FALSE, error);
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

/* The kernel announces those without duplicate address detection late. */
static void
refresh_addresses (const NetnsStep *step, NetnsMirror *mirror)
{
  if (((const NetnsAddressChange *) step->parameter)->address.flags & IFA_F_NODAD)
    netns_mirror_refresh_addresses (mirror, step->namespace_name);
}

static const NetnsField address_fields[] = {
  NETNS_LINK_REF_FIELDS,
  NETNS_LINK_ADDRESS_FIELDS (NetnsAddressChange, address),
  { "awaited", NETNS_FIELD_BOOLEAN, offsetof (NetnsAddressChange, awaited) },
  { "ipv6-off", NETNS_FIELD_UINT32, offsetof (NetnsAddressChange, ipv6_off) },
  { NULL }
};

static const NetnsField added_fields[] = {
  { "left-out", NETNS_FIELD_BOOLEAN, offsetof (Added, left_out) },
  { "switched-on", NETNS_FIELD_BYTES, offsetof (Added, switched_on) },
  { NULL }
};

static NetnsNews
tell_switched_on (const NetnsStep *step)
{
  return (NetnsNews) { .setting = ((const Added *) step->kept)->switched_on };
}

const NetnsOperation netns_operation_address_add = {
  .name = "address-add",
  .execute = add_address,
  .undo = take_address_back,
  .parameter = NETNS_RECORD (NetnsAddressChange, address_fields),
  .kept = NETNS_RECORD (Added, added_fields),
  .refresh = refresh_addresses,
  .tell = tell_switched_on,
};
const NetnsOperation netns_operation_address_remove = {
  .name = "address-remove",
  .execute = remove_address,
  .undo = give_back,
  .parameter = NETNS_RECORD (NetnsAddressChange, address_fields),
  .refresh = refresh_addresses,
};
