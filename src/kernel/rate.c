/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/rate.h"

#include "common/error.h"
#include "kernel/link.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#define KIND        "tbf"
#define OUR_HANDLE  0x4e530000u /* tells ours from what others put there; those of the kernel itself have 0 */
#define FRAME_ROOM  64          /* Ethernet and VLAN headers, on top of the MTU */
#define LEAST_BURST 16384
#define MOST_BURST  (1u << 30)

/* The root discipline of a link. */
typedef struct {
  guint index;
  NetnsRate rate;
} Root;

static const struct nla_policy tbf_policy[TCA_TBF_MAX + 1] = {
  [TCA_TBF_PARMS] = { .minlen = sizeof (struct tc_tbf_qopt) },
  [TCA_TBF_RATE64] = { .minlen = sizeof (guint64) },
};

/* A rate that does not fit into 32 bits is in an attribute of its own. */
static guint64
parse_rate (struct nlattr *data)
{
  struct nlattr *options[TCA_TBF_MAX + 1];
  struct tc_tbf_qopt parameters;
  guint64 bytes;

  if (data == NULL || nla_parse_nested (options, TCA_TBF_MAX, data, tbf_policy) < 0 || options[TCA_TBF_PARMS] == NULL)
    return 0;
  memcpy (&parameters, nla_data (options[TCA_TBF_PARMS]), sizeof parameters);
  bytes = options[TCA_TBF_RATE64] ? nla_get_u64 (options[TCA_TBF_RATE64]) : parameters.rate.rate;
  return bytes * 8;
}

static void
take_discipline (const struct nlmsghdr *header, gpointer data)
{
  const struct tcmsg *body = nlmsg_data (header);
  struct nlattr *attributes[TCA_MAX + 1];
  Root root = { 0 };

  if (header->nlmsg_type != RTM_NEWQDISC || !netns_message_parse (header, sizeof *body, attributes, TCA_MAX, NULL)
      || body->tcm_parent != TC_H_ROOT || body->tcm_handle == 0 || attributes[TCA_KIND] == NULL)
    return;
  root.index = (guint) body->tcm_ifindex;
  if (body->tcm_handle == OUR_HANDLE && nla_strcmp (attributes[TCA_KIND], KIND) == 0)
    root.rate.bits = parse_rate (attributes[TCA_OPTIONS]);
  else
    nla_strlcpy (root.rate.other, attributes[TCA_KIND], sizeof root.rate.other);
  g_array_append_val (data, root);
}

/* Returns: whether what limits a link could be read; @error: `Busy` (queueing disciplines change all the time),
 * `KernelRefused` */
gboolean
netns_rtnl_rate_get (NetnsNetlink *netlink, guint index, NetnsRate *rate, GError **error)
{
  struct tcmsg body = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int) index };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETQDISC, 0, &body, sizeof body);
  g_autoptr (GArray) roots
    = netns_netlink_list (netlink, message, 0, sizeof (Root), take_discipline, "The queueing disciplines", error);

  memset (rate, 0, sizeof *rate);
  for (guint i = 0; roots != NULL && i < roots->len; i++)
    if (g_array_index (roots, Root, i).index == index)
      *rate = g_array_index (roots, Root, i).rate;
  return roots != NULL;
}

/* The burst size: ten milliseconds' worth, and never less than a packet, which could not be sent at all otherwise
 * (tbf_enqueue() in net/sched/sch_tbf.c). The queue holds fifty milliseconds' worth more. */
static void
put_options (NetnsMessage *message, guint mtu, guint64 bytes)
{
  guint64 burst = MAX (MAX (bytes / 100, LEAST_BURST), (guint64) mtu + FRAME_ROOM);
  guint32 most_at_once = (guint32) MIN (burst, MOST_BURST);
  struct tc_tbf_qopt parameters = {
    .rate = { .rate = (guint32) MIN (bytes, G_MAXUINT32), .linklayer = TC_LINKLAYER_ETHERNET },
    .limit = (guint32) MIN (bytes / 20 + most_at_once, G_MAXUINT32),
  };
  struct nlattr *data = netns_request_open_nest (message, TCA_OPTIONS);

  netns_request_put (message, TCA_TBF_PARMS, sizeof parameters, &parameters);
  netns_request_put_u32 (message, TCA_TBF_BURST, most_at_once);
  if (bytes > G_MAXUINT32)
    netns_request_put (message, TCA_TBF_RATE64, sizeof bytes, &bytes);
  nla_nest_end (message, data);
}

/**
 * netns_rtnl_rate_set:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @mtu: its MTU
 * @bits: bits per second, which are rounded down to bytes; 0 takes the limit away that is there
 * @error: `NotFound`, `NotSupported` (a kernel without tbf), `KernelRefused`
 *
 * Replaces whatever there is: whether that may be is the caller's to know.
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_rate_set (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint mtu, guint64 bits,
                     GError **error)
{
  struct tcmsg body
    = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int) index, .tcm_handle = OUR_HANDLE, .tcm_parent = TC_H_ROOT };
  g_autoptr (NetnsMessage) message = netns_request_new (bits ? RTM_NEWQDISC : RTM_DELQDISC,
                                                        bits ? NLM_F_CREATE | NLM_F_REPLACE : 0, &body, sizeof body);
  g_autoptr (GError) refusal = NULL;

  netns_request_put_string (message, TCA_KIND, KIND);
  if (bits != 0)
    put_options (message, mtu, bits / 8);
  if (netns_netlink_change (grant, netlink, message, &refusal, "cannot %s its rate limit", bits ? "set" : "remove"))
    return TRUE;
  /* “Specified qdisc kind is unknown” is an ENOENT. */
  if (bits != 0 && netns_netlink_get_errno (netlink) == ENOENT)
    refusal->code = NETNS_ERROR_NOT_SUPPORTED;
  return netns_rtnl_link_refuse (netlink, index, g_steal_pointer (&refusal), error);
}
