/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/ask.h"

#include "common/error.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

/* The kernel asks again after a second (retrans_time_ms), and a third time after two. */
#define LONGEST (1500 * G_TIME_SPAN_MILLISECOND)
#define PAUSE   (10 * G_TIME_SPAN_MILLISECOND)

#define SOMEBODY (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

static NetnsMessage *
make_message (int type, int message_flags, guint8 flags, guint link, const NetnsAddress *address)
{
  struct ndmsg body = { .ndm_family = address->family, .ndm_ifindex = (int) link, .ndm_flags = flags };
  NetnsMessage *message = netns_request_new (type, message_flags, &body, sizeof body);

  netns_request_put (message, NDA_DST, netns_address_size (address), address->bytes);
  return message;
}

/* What the kernel knows of an address; it need not know anything. */
static gboolean
read_entry (NetnsNetlink *netlink, guint link, const NetnsAddress *address, NetnsMessageFunc take, gpointer data,
            GError **error)
{
  g_autoptr (NetnsMessage) message = make_message (RTM_GETNEIGH, 0, 0, link, address);
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (netns_netlink_get (netlink, message, take, data, error, "Cannot read neighbour %s",
                         netns_address_print_host (address, text)))
    return TRUE;
  if (netns_netlink_get_errno (netlink) != ENOENT)
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

/* @neighbour is then what the kernel knows, of zeros for nothing. */
static gboolean
look (NetnsNetlink *netlink, guint link, const NetnsAddress *address, NetnsNeighbour *neighbour, GError **error)
{
  g_autoptr (GArray) neighbours = g_array_new (FALSE, FALSE, sizeof (NetnsNeighbour));

  memset (neighbour, 0, sizeof *neighbour);
  if (!read_entry (netlink, link, address, netns_neighbour_take, neighbours, error))
    return FALSE;
  if (neighbours->len > 0)
    *neighbour = g_array_index (neighbours, NetnsNeighbour, 0);
  return TRUE;
}

/* Somebody wrote it down, or a routing daemon: the kernel asks for no such entry, and it is not ours to forget. */
static void
take_lasting (const struct nlmsghdr *header, gpointer data)
{
  const struct ndmsg *body = nlmsg_data (header);
  struct nlattr *mac;
  NetnsNeighbour *neighbour = data;

  if (header->nlmsg_type != RTM_NEWNEIGH || header->nlmsg_len < NLMSG_LENGTH (sizeof *body)
      || ((body->ndm_state & (NUD_PERMANENT | NUD_NOARP)) == 0 && (body->ndm_flags & NTF_EXT_LEARNED) == 0))
    return;
  mac = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof *body, NDA_LLADDR);
  neighbour->state = NUD_PERMANENT;
  neighbour->has_mac = mac != NULL && nla_len (mac) == NETNS_MAC_LENGTH;
  if (neighbour->has_mac)
    memcpy (neighbour->mac, nla_data (mac), NETNS_MAC_LENGTH);
}

/* What is not there need not be forgotten. */
static void
forget (const NetnsGrant *grant, NetnsNetlink *netlink, guint link, const NetnsAddress *address)
{
  g_autoptr (NetnsMessage) message = make_message (RTM_DELNEIGH, 0, 0, link, address);

  netns_netlink_change (grant, netlink, message, NULL, "Cannot forget a neighbour");
}

/* What the kernel knows from before may be of somebody who has left, so it is asked anew (NTF_USE, neigh_add() in
 * net/core/neighbour.c); what somebody wrote down for good is taken for true. */
static gboolean
ask (const NetnsGrant *grant, NetnsNetlink *netlink, guint link, NetnsQuestion *question, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message (RTM_NEWNEIGH, NLM_F_CREATE, NTF_USE, link, &question->address);
  char text[NETNS_ADDRESS_MAX_TEXT];

  memset (&question->neighbour, 0, sizeof question->neighbour);
  if (!read_entry (netlink, link, &question->address, take_lasting, &question->neighbour, error))
    return FALSE;
  question->answered = question->neighbour.state != 0;
  if (question->answered)
    return TRUE;
  forget (grant, netlink, link, &question->address);
  return netns_netlink_change (grant, netlink, message, error, "Cannot ask for address %s",
                               netns_address_print_host (&question->address, text));
}

/* Returns: whether it is answered; nobody answers when the kernel has given up */
static gboolean
check (NetnsNetlink *netlink, guint link, NetnsQuestion *question)
{
  if (!question->answered && look (netlink, link, &question->address, &question->neighbour, NULL))
    question->answered = question->neighbour.state == 0 || (question->neighbour.state & (SOMEBODY | NUD_FAILED)) != 0;
  return question->answered;
}

static gboolean
check_all (NetnsNetlink *netlink, guint link, GArray *questions)
{
  gboolean answered = TRUE;

  for (guint i = 0; i < questions->len; i++)
    answered &= check (netlink, link, &g_array_index (questions, NetnsQuestion, i));
  return answered;
}

/**
 * netns_ask_neighbours:
 * @grant: who may
 * @namespace_fd: the namespace of @link
 * @link: ifindex of a link
 * @questions: (element-type NetnsQuestion): what to ask; each is answered then
 * @cancellable: ends it
 * @error: `KernelRefused`
 *
 * Takes up to 1.5 s, so it is for the background. Leaves nothing behind about addresses that nobody has.
 *
 * Returns: whether all could be asked
 */
gboolean
netns_ask_neighbours (const NetnsGrant *grant, int namespace_fd, guint link, GArray *questions,
                      GCancellable *cancellable, GError **error)
{
  g_autoptr (NetnsNetlink) netlink = netns_netlink_new (namespace_fd, error);
  gint64 deadline = g_get_monotonic_time () + LONGEST;
  gboolean asked = netlink != NULL;

  for (guint i = 0; asked && i < questions->len; i++)
    asked = ask (grant, netlink, link, &g_array_index (questions, NetnsQuestion, i), error);
  while (asked && !check_all (netlink, link, questions) && g_get_monotonic_time () < deadline
         && !g_cancellable_is_cancelled (cancellable))
    g_usleep (PAUSE);
  for (guint i = 0; netlink != NULL && i < questions->len; i++) {
    NetnsQuestion *question = &g_array_index (questions, NetnsQuestion, i);

    question->answered = TRUE;
    if ((question->neighbour.state & SOMEBODY) != 0)
      continue;
    question->neighbour.state = 0;
    forget (grant, netlink, link, &question->address);
  }
  return asked;
}
