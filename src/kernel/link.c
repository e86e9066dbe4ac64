/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each function is one netlink request, which the kernel does completely or not at all. */
#include "kernel/link.h"
#include "common/error.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <string.h>

/* rtnl_newlink() in net/core/rtnetlink.c answers so when no module knows the kind. */
#define UNKNOWN_KIND "Unknown device type"

static NetnsMessage *
make_message_for (int type, guint index)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int) index };

  return netns_request_new (type, 0, &body, sizeof body);
}

static void
put_peer (struct nl_msg *message, const NetnsLinkSpec *spec)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
  struct nlattr *data = netns_request_open_nest (message, IFLA_INFO_DATA);
  struct nlattr *peer = netns_request_open_nest (message, VETH_INFO_PEER);

  if (nlmsg_append (message, &body, sizeof body, NLMSG_ALIGNTO) < 0)
    g_error ("Out of memory for a netlink message");
  netns_request_put_string (message, IFLA_IFNAME, spec->peer_name);
  netns_request_put_u32 (message, IFLA_GROUP, NETNS_LINK_GROUP);
  if (spec->mtu != 0)
    netns_request_put_u32 (message, IFLA_MTU, spec->mtu);
  if (spec->peer_mac != NULL)
    netns_request_put (message, IFLA_ADDRESS, NETNS_MAC_LENGTH, spec->peer_mac);
  if (spec->peer_namespace_fd >= 0)
    netns_request_put_u32 (message, IFLA_NET_NS_FD, (guint32) spec->peer_namespace_fd);
  nla_nest_end (message, peer);
  nla_nest_end (message, data);
}

static NetnsMessage *
make_create_message (const NetnsLinkSpec *spec)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
  NetnsMessage *message;
  struct nlattr *info;

  if (spec->enabled)
    body.ifi_flags = body.ifi_change = IFF_UP;
  message = netns_request_new (RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  netns_request_put_string (message, IFLA_IFNAME, spec->name);
  netns_request_put_u32 (message, IFLA_GROUP, NETNS_LINK_GROUP);
  if (spec->mtu != 0)
    netns_request_put_u32 (message, IFLA_MTU, spec->mtu);
  if (spec->mac != NULL)
    netns_request_put (message, IFLA_ADDRESS, NETNS_MAC_LENGTH, spec->mac);
  if (spec->master != 0)
    netns_request_put_u32 (message, IFLA_MASTER, spec->master);
  if (spec->parent != 0)
    netns_request_put_u32 (message, IFLA_LINK, spec->parent);
  if (spec->target_fd != NULL)
    netns_request_put_u32 (message, IFLA_NET_NS_FD, (guint32) *spec->target_fd);
  info = netns_request_open_nest (message, IFLA_LINKINFO);
  netns_request_put_string (message, IFLA_INFO_KIND, spec->kind);
  if (spec->peer_name != NULL)
    put_peer (message, spec);
  netns_link_data_put (message, spec);
  nla_nest_end (message, info);
  return message;
}

/* Makes a link, of a veth both ends. @netlink: the namespace in which to make it, or that of its parent
 * Returns: whether it was done; @error: `Exists`, `NotSupported` (the kernel does not know the kind), `NotFound` (no
 * such master), `KernelRefused`; nothing is made then */
gboolean
netns_rtnl_link_create (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsLinkSpec *spec, GError **error)
{
  g_autoptr (NetnsMessage) message = make_create_message (spec);
  g_autoptr (GError) refusal = NULL;
  g_autofree char *peer = spec->peer_name != NULL ? g_strdup_printf (" with its peer “%s”", spec->peer_name) : NULL;

  if (netns_netlink_change (grant, netlink, message, &refusal, "Cannot create %s link “%s”%s", spec->kind, spec->name,
                            peer != NULL ? peer : ""))
    return TRUE;
  if (netns_netlink_get_errno (netlink) == EOPNOTSUPP && strstr (refusal->message, UNKNOWN_KIND) != NULL)
    return netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED,
                         "Cannot create link “%s”: this kernel has no links of kind “%s”", spec->name, spec->kind);
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

static void
take_link (const struct nlmsghdr *header, gpointer data)
{
  netns_message_parse_link (header, data);
}

/* Whether there was an answer and it is a link. */
static gboolean
query_link (NetnsNetlink *netlink, NetnsMessage *message, NetnsLinkInfo *info, const char *name, GError **error)
{
  gboolean answered;

  memset (info, 0, sizeof *info);
  netns_request_put_u32 (message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  answered = netns_netlink_get (netlink, message, take_link, info, error, "Cannot read link “%s”", name);
  if (answered ? info->index != 0 : netns_netlink_get_errno (netlink) != ENODEV)
    return answered;
  g_clear_error (error);
  return netns_refuse (error, NETNS_ERROR_NOT_FOUND, "There is no link “%s”", name);
}

/**
 * netns_rtnl_link_get, netns_rtnl_link_find:
 * @netlink: the link's namespace
 * @index: its ifindex, or
 * @name: its name, or one of its alternative names
 * @info: (out caller-allocates): the link; to be cleared also after an error
 * @error: `NotFound`, `KernelRefused`
 *
 * Returns: whether there is one
 */
gboolean
netns_rtnl_link_get (NetnsNetlink *netlink, guint index, NetnsLinkInfo *info, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_GETLINK, index);
  char name[16];

  g_snprintf (name, sizeof name, "#%u", index);
  return query_link (netlink, message, info, name, error);
}

static gboolean
find_by (NetnsNetlink *netlink, int attribute, const char *name, NetnsLinkInfo *info, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_GETLINK, 0);

  netns_request_put_string (message, attribute, name);
  return query_link (netlink, message, info, name, error);
}

/* A name longer than 15 bytes can only be an alternative one, and the kernel refuses it as anything else. */
gboolean
netns_rtnl_link_find (NetnsNetlink *netlink, const char *name, NetnsLinkInfo *info, GError **error)
{
  if (strlen (name) <= NETNS_LINK_NAME_MAX && find_by (netlink, IFLA_IFNAME, name, info, NULL))
    return TRUE;
  if (strlen (name) <= NETNS_ALTERNATIVE_NAME_MAX)
    return find_by (netlink, IFLA_ALT_IFNAME, name, info, error);
  memset (info, 0, sizeof *info);
  return netns_refuse (error, NETNS_ERROR_NOT_FOUND, "There is no link “%s”", name);
}

/* Returns: FALSE; @error is @refusal (transfer full), why the kernel did not change a link, behind the link's name,
 * which is only looked up now */
gboolean
netns_rtnl_link_refuse (NetnsNetlink *netlink, guint index, GError *refusal, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (netns_rtnl_link_get (netlink, index, &info, NULL))
    g_propagate_prefixed_error (error, refusal, "Link “%s”: ", info.name);
  else
    g_propagate_prefixed_error (error, refusal, "Link #%u: ", index);
  return FALSE;
}

static gboolean
change (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, NetnsMessage *message, const char *what,
        GError **error)
{
  g_autoptr (GError) refusal = NULL;

  return netns_netlink_change (grant, netlink, message, &refusal, "%s", what)
         || netns_rtnl_link_refuse (netlink, index, g_steal_pointer (&refusal), error);
}

static gboolean
set_attribute (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, int attribute, gsize size,
               gconstpointer value, const char *what, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_NEWLINK, index);

  netns_request_put (message, attribute, size, value);
  return change (grant, netlink, index, message, what, error);
}

/**
 * netns_rtnl_link_delete, netns_rtnl_link_set_...:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @error: `NotFound`, `KernelRefused`, and what is said of each
 *
 * Returns: whether it was done
 */

/* Of a veth both ends. `NotSupported`: a physical link, or loopback */
gboolean
netns_rtnl_link_delete (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_DELLINK, index);

  return change (grant, netlink, index, message, "cannot delete it", error);
}

gboolean
netns_rtnl_link_set_enabled (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, gboolean enabled,
                             GError **error)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int) index, .ifi_change = IFF_UP };
  g_autoptr (NetnsMessage) message = NULL;

  if (enabled)
    body.ifi_flags = IFF_UP;
  message = netns_request_new (RTM_NEWLINK, 0, &body, sizeof body);
  return change (grant, netlink, index, message, enabled ? "cannot set it up" : "cannot set it down", error);
}

/* @name: at most 15 bytes. `Exists`; `Busy`: older kernels, while the link is up */
gboolean
netns_rtnl_link_set_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const char *name, GError **error)
{
  g_autofree char *what = g_strdup_printf ("cannot rename it to “%s”", name);

  return set_attribute (grant, netlink, index, IFLA_IFNAME, strlen (name) + 1, name, what, error);
}

/* @mtu: bytes; each kind has its own limits */
gboolean
netns_rtnl_link_set_mtu (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint32 mtu, GError **error)
{
  g_autofree char *what = g_strdup_printf ("cannot set its MTU to %u", mtu);

  return set_attribute (grant, netlink, index, IFLA_MTU, sizeof mtu, &mtu, what, error);
}

/* `NotSupported`, such as loopback; `Busy`: the kind must be down for that */
gboolean
netns_rtnl_link_set_mac (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                         const guint8 mac[NETNS_MAC_LENGTH], GError **error)
{
  return set_attribute (grant, netlink, index, IFLA_ADDRESS, NETNS_MAC_LENGTH, mac, "cannot set its MAC address",
                        error);
}

/* Puts it into the group of the links that this service made. */
gboolean
netns_rtnl_link_mark (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GError **error)
{
  guint32 group = NETNS_LINK_GROUP;

  return set_attribute (grant, netlink, index, IFLA_GROUP, sizeof group, &group, "cannot set its group", error);
}

/* @description: at most 255 bytes (IFALIASZ - 1), empty for none */
gboolean
netns_rtnl_link_set_description (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const char *description,
                                 GError **error)
{
  return set_attribute (grant, netlink, index, IFLA_IFALIAS, strlen (description), description,
                        "cannot set its description", error);
}

/* @master: ifindex of a bridge or the like, 0 to detach it. `NotSupported`: it takes no links; `Busy` */
gboolean
netns_rtnl_link_set_master (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint master, GError **error)
{
  return set_attribute (grant, netlink, index, IFLA_MASTER, sizeof master, &master,
                        master != 0 ? "cannot attach it to its master" : "cannot detach it from its master", error);
}

/* With a new name the kernel moves first and renames afterwards: when the name is taken or none, it answers with an
 * error and the link is away all the same (do_setlink() in net/core/rtnetlink.c). So all that is looked at before. */
static gboolean
check_name_there (int namespace_fd, const char *name, GError **error)
{
  g_autoptr (NetnsNetlink) there = NULL;
  g_auto (NetnsLinkInfo) info = { 0 };

  if (!netns_validate_link_name (name, error))
    return FALSE;
  if (strlen (name) > NETNS_LINK_NAME_MAX)
    return netns_refuse (error, NETNS_ERROR_INVALID_NAME, "The name of a link can have at most %d bytes, unlike “%s”",
                         NETNS_LINK_NAME_MAX, name);
  there = netns_netlink_new (namespace_fd, error);
  if (there == NULL || !netns_rtnl_link_find (there, name, &info, NULL))
    return there != NULL;
  return netns_refuse (error, NETNS_ERROR_EXISTS, "The destination namespace already has a link “%s”", name);
}

/**
 * netns_rtnl_link_move:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex, which may be another one afterwards
 * @namespace_fd: the destination
 * @new_name: (nullable): its name there, %NULL for the one it has
 * @error: `NotFound`, `Exists` (a link of that name there), `InvalidName`, `KernelRefused` (a link that cannot leave
 *   its namespace)
 *
 * The link comes out down, without addresses and routes. If another program takes @new_name at the same moment, the
 * link can be there under its old name although this fails.
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_move (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, int namespace_fd,
                      const char *new_name, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_NEWLINK, index);
  g_autoptr (GError) refusal = NULL;

  netns_request_put_u32 (message, IFLA_NET_NS_FD, (guint32) namespace_fd);
  if (new_name != NULL) {
    if (!check_name_there (namespace_fd, new_name, error))
      return FALSE;
    netns_request_put_string (message, IFLA_IFNAME, new_name);
  }
  if (change (grant, netlink, index, message, "cannot move it to another namespace", &refusal))
    return TRUE;
  /* EINVAL has no other cause here (__dev_change_net_namespace() in net/core/dev.c); not every kernel gives words. */
  if (g_str_has_suffix (refusal->message, "immutable") || g_str_has_suffix (refusal->message, g_strerror (EINVAL)))
    refusal->code = NETNS_ERROR_NOT_SUPPORTED;
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

/* Adds or removes a name of at most 127 bytes, which no other link of the namespace may have as any name.
 * Returns: whether it was done; @error: `NotFound` (the link, or it has no such name), `Exists`, `KernelRefused` */
gboolean
netns_rtnl_link_change_alternative_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, gboolean add,
                                         const char *name, GError **error)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int) index };
  g_autoptr (NetnsMessage) message = netns_request_new (
    add ? RTM_NEWLINKPROP : RTM_DELLINKPROP, add ? NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND : 0, &body, sizeof body);
  struct nlattr *list = netns_request_open_nest (message, IFLA_PROP_LIST | NLA_F_NESTED);
  g_autofree char *what = g_strdup_printf ("cannot %s the alternative name “%s”", add ? "add" : "remove", name);

  netns_request_put_string (message, IFLA_ALT_IFNAME, name);
  nla_nest_end (message, list);
  return change (grant, netlink, index, message, what, error);
}

static void
collect_link (const struct nlmsghdr *header, gpointer data)
{
  NetnsLinkInfo info = { 0 };

  if (netns_message_parse_link (header, &info))
    g_array_append_val (data, info);
}

static void
clear_link (gpointer data)
{
  netns_link_info_clear (data);
}

/* Returns: (transfer full) (nullable) (element-type NetnsLinkInfo): the links of a namespace; one that comes or goes
 * meanwhile may be in it or not. @error: `KernelRefused` */
GArray *
netns_rtnl_link_list (NetnsNetlink *netlink, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_GETLINK, 0);
  g_autoptr (GArray) links = g_array_new (FALSE, FALSE, sizeof (NetnsLinkInfo));

  g_array_set_clear_func (links, clear_link);
  netns_request_put_u32 (message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return netns_netlink_dump (netlink, message, collect_link, links, NULL, error) ? g_steal_pointer (&links) : NULL;
}
