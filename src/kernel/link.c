/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each function is one netlink request, which the kernel does completely or not at all. */
#include "kernel/link.h"
#include "common/error.h"
#include "kernel/link-data.h"
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

/* Since Linux 5.16; the counters are the longer half of a link's message. */
#ifndef RTEXT_FILTER_SKIP_STATS
#define RTEXT_FILTER_SKIP_STATS (1 << 3)
#endif

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

/**
 * netns_rtnl_link_create:
 * @grant: who may do it
 * @netlink: the namespace in which to make it, or that of its parent
 * @spec: what to make
 * @error: `Exists`, `NotSupported` (the kernel does not know the kind), `NotFound` (no such master),
 * `KernelRefused`; nothing is made then
 *
 * Makes a link, of a veth both ends.
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_create (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsLinkSpec *spec, GError **error)
{
  g_autoptr (NetnsMessage) message = make_create_message (spec);
  g_autoptr (GError) refusal = NULL;
  g_autofree char *peer
      = spec->peer_name != NULL ? g_strdup_printf (" with its peer “%s”", spec->peer_name) : NULL;

  if (netns_netlink_change (grant, netlink, message, &refusal, "Cannot create %s link “%s”%s", spec->kind,
                            spec->name, peer != NULL ? peer : ""))
    return TRUE;
  if (netns_netlink_get_errno (netlink) == EOPNOTSUPP && strstr (refusal->message, UNKNOWN_KIND) != NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED,
                 "Cannot create link “%s”: this kernel has no links of kind “%s”", spec->name, spec->kind);
  else
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
  g_autoptr (GError) refusal = NULL;

  memset (info, 0, sizeof *info);
  netns_request_put_u32 (message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (netns_netlink_get (netlink, message, take_link, info, &refusal, "Cannot read link “%s”", name)
      && info->index != 0)
    return TRUE;
  if (refusal == NULL || netns_netlink_get_errno (netlink) == ENODEV)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link “%s”", name);
  else
    g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

/**
 * netns_rtnl_link_get:
 * @netlink: the link's namespace
 * @index: its ifindex
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

/**
 * netns_rtnl_link_find:
 * @netlink: the link's namespace
 * @name: its name, or one of its alternative names
 * @info: (out caller-allocates): the link; to be cleared also after an error
 * @error: `NotFound`, `KernelRefused`
 *
 * A name longer than 15 bytes can only be an alternative one, and the kernel refuses it as anything else.
 *
 * Returns: whether there is one
 */
gboolean
netns_rtnl_link_find (NetnsNetlink *netlink, const char *name, NetnsLinkInfo *info, GError **error)
{
  if (strlen (name) <= NETNS_LINK_NAME_MAX && find_by (netlink, IFLA_IFNAME, name, info, NULL))
    return TRUE;
  if (strlen (name) <= NETNS_ALTERNATIVE_NAME_MAX)
    return find_by (netlink, IFLA_ALT_IFNAME, name, info, error);
  memset (info, 0, sizeof *info);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link “%s”", name);
  return FALSE;
}

typedef struct {
  GHashTable *counters;
  gboolean found;
} Statistics;

static void
take_statistics (const struct nlmsghdr *header, gpointer data)
{
  Statistics *statistics = data;

  statistics->found = netns_message_parse_statistics (header, statistics->counters);
}

/**
 * netns_rtnl_link_get_statistics:
 * @netlink: the link's namespace
 * @index: its ifindex
 * @counters: (element-type utf8 guint64): where to put them, see netns_message_parse_statistics()
 * @error: `NotFound`, `NotSupported` (this link counts nothing), `KernelRefused`
 *
 * Returns: whether there are any
 */
gboolean
netns_rtnl_link_get_statistics (NetnsNetlink *netlink, guint index, GHashTable *counters, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_GETLINK, index);
  Statistics statistics = { .counters = counters };

  if (!netns_netlink_get (netlink, message, take_statistics, &statistics, error,
                          "Cannot read the counters of link #%u", index))
    return FALSE;
  if (!statistics.found)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED, "Link #%u has no counters", index);
  return statistics.found;
}

/* Sends a change; an error begins with the link's name, which is only looked up then. */
static gboolean
change (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, NetnsMessage *message, const char *what,
        GError **error)
{
  g_autoptr (GError) refusal = NULL;
  g_auto (NetnsLinkInfo) info = { 0 };

  if (netns_netlink_change (grant, netlink, message, &refusal, "%s", what))
    return TRUE;
  if (netns_rtnl_link_get (netlink, index, &info, NULL))
    g_propagate_prefixed_error (error, g_steal_pointer (&refusal), "Link “%s”: ", info.name);
  else
    g_propagate_prefixed_error (error, g_steal_pointer (&refusal), "Link #%u: ", index);
  return FALSE;
}

/**
 * netns_rtnl_link_delete:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @error: `NotFound`, `NotSupported` (a physical link, or loopback), `KernelRefused`
 *
 * Deletes a link, of a veth both ends.
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_delete (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_DELLINK, index);

  return change (grant, netlink, index, message, "cannot delete it", error);
}

/**
 * netns_rtnl_link_set_enabled:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @enabled: %TRUE for up
 * @error: `NotFound`, `KernelRefused`
 *
 * Returns: whether it was done
 */
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

/**
 * netns_rtnl_link_set_name:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @name: at most 15 bytes
 * @error: `NotFound`, `Exists`, `Busy` (older kernels: the link is up), `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_set_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const char *name,
                          GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_NEWLINK, index);
  g_autofree char *what = g_strdup_printf ("cannot call it “%s”", name);

  netns_request_put_string (message, IFLA_IFNAME, name);
  return change (grant, netlink, index, message, what, error);
}

/**
 * netns_rtnl_link_set_mtu:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @mtu: bytes; each kind has its own limits
 * @error: `NotFound`, `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_set_mtu (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint32 mtu, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_NEWLINK, index);
  g_autofree char *what = g_strdup_printf ("cannot set its MTU to %u", mtu);

  netns_request_put_u32 (message, IFLA_MTU, mtu);
  return change (grant, netlink, index, message, what, error);
}

/**
 * netns_rtnl_link_set_mac:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @mac: six octets
 * @error: `NotFound`, `NotSupported` (such as loopback), `Busy` (the kind must be down for that),
 * `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_set_mac (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                         const guint8 mac[NETNS_MAC_LENGTH], GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_NEWLINK, index);

  netns_request_put (message, IFLA_ADDRESS, NETNS_MAC_LENGTH, mac);
  return change (grant, netlink, index, message, "cannot set its hardware address", error);
}

/**
 * netns_rtnl_link_set_description:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @description: at most 255 bytes (IFALIASZ - 1), empty for none
 * @error: `NotFound`, `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_set_description (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                 const char *description, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_NEWLINK, index);

  netns_request_put (message, IFLA_IFALIAS, strlen (description), description);
  return change (grant, netlink, index, message, "cannot set its description", error);
}

/**
 * netns_rtnl_link_set_master:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @master: ifindex of a bridge or the like, 0 to detach it
 * @error: `NotFound`, `NotSupported` (@master takes no links), `Busy`, `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_set_master (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint master,
                            GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_NEWLINK, index);

  netns_request_put_u32 (message, IFLA_MASTER, master);
  return change (grant, netlink, index, message,
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
  if (strlen (name) > NETNS_LINK_NAME_MAX) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_NAME,
                 "The name of a link has at most %d bytes, unlike “%s”", NETNS_LINK_NAME_MAX, name);
    return FALSE;
  }
  there = netns_netlink_new (namespace_fd, error);
  if (there == NULL || !netns_rtnl_link_find (there, name, &info, NULL))
    return there != NULL;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "There is a link called “%s” already where it shall go",
               name);
  return FALSE;
}

/**
 * netns_rtnl_link_move:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex, which may be another one afterwards
 * @namespace_fd: where it shall go
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

static gboolean
change_alternative_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, int type, int flags,
                         const char *name, GError **error)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int) index };
  g_autoptr (NetnsMessage) message = netns_request_new (type, flags, &body, sizeof body);
  struct nlattr *list = netns_request_open_nest (message, IFLA_PROP_LIST | NLA_F_NESTED);
  g_autofree char *what
      = g_strdup_printf ("cannot %s the alternative name “%s”", type == RTM_NEWLINKPROP ? "add" : "remove", name);

  netns_request_put_string (message, IFLA_ALT_IFNAME, name);
  nla_nest_end (message, list);
  return change (grant, netlink, index, message, what, error);
}

/**
 * netns_rtnl_link_add_alternative_name:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @name: at most 127 bytes; no other link of the namespace may have it as any name
 * @error: `NotFound`, `Exists`, `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_add_alternative_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                      const char *name, GError **error)
{
  return change_alternative_name (grant, netlink, index, RTM_NEWLINKPROP,
                                  NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, name, error);
}

/**
 * netns_rtnl_link_remove_alternative_name:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @name: one of its alternative names
 * @error: `NotFound` (the link, or it has no such name), `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_link_remove_alternative_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                         const char *name, GError **error)
{
  return change_alternative_name (grant, netlink, index, RTM_DELLINKPROP, 0, name, error);
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

/**
 * netns_rtnl_link_list:
 * @netlink: a namespace
 * @error: `KernelRefused`
 *
 * Returns: (transfer full) (nullable) (element-type NetnsLinkInfo): its links; one that comes or goes meanwhile may be
 *   in it or not
 */
GArray *
netns_rtnl_link_list (NetnsNetlink *netlink, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message_for (RTM_GETLINK, 0);
  g_autoptr (GArray) links = g_array_new (FALSE, FALSE, sizeof (NetnsLinkInfo));
  gboolean interrupted;

  g_array_set_clear_func (links, clear_link);
  netns_request_put_u32 (message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return netns_netlink_dump (netlink, message, collect_link, links, &interrupted, error) ? g_steal_pointer (&links)
                                                                                        : NULL;
}
