/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/dump.h"

#include "common/error.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MAX       (256 * 1024) /* the kernel fills at most 32 KiB, or as much as the reader takes (netlink_dump()) */
#define NAME_MAX_LENGTH 255 /* NFT_NAME_MAXLEN */

typedef struct {
  struct nlmsghdr header;
  struct nfgenmsg family;
  guint8 attributes[2 * (NLA_HDRLEN + NLA_ALIGN (NAME_MAX_LENGTH + 1))];
} Request;

/* Returns: a socket for netns_dump_run(), -1 on error: `KernelRefused` */
int
netns_dump_open (GError **error)
{
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

  if (fd < 0)
    netns_error_set_errno (error, errno, "Cannot open a socket for nf_tables");
  return fd;
}

static void
add_text (Request *request, guint16 type, const char *text)
{
  gsize length = strnlen (text, NAME_MAX_LENGTH) + 1;
  struct nlattr *attribute = (struct nlattr *) (void *) ((guint8 *) request + request->header.nlmsg_len);

  attribute->nla_type = type;
  attribute->nla_len = (guint16) (NLA_HDRLEN + length);
  memcpy ((guint8 *) attribute + NLA_HDRLEN, text, length - 1);
  request->header.nlmsg_len += NLA_ALIGN (attribute->nla_len);
}

static gboolean
ask (int fd, const NetnsDump *dump, GError **error)
{
  Request request = {
    .header = { .nlmsg_len = NLMSG_LENGTH (sizeof request.family),
               .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | dump->type,
               .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
    .family = { .nfgen_family = dump->family, .version = NFNETLINK_V0 }
  };

  if (dump->table != NULL)
    add_text (&request, NFTA_SET_ELEM_LIST_TABLE, dump->table);
  if (dump->set != NULL)
    add_text (&request, NFTA_SET_ELEM_LIST_SET, dump->set);
  if (send (fd, &request, request.header.nlmsg_len, 0) == (gssize) request.header.nlmsg_len)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot ask nf_tables for its rules");
}

/* Returns: whether the list is complete, also by an error */
static gboolean
take (struct nlmsghdr *message, NetnsDumpFunc func, gpointer data, gboolean *changed, int *failure)
{
  if (message->nlmsg_flags & NLM_F_DUMP_INTR)
    *changed = TRUE;
  if (message->nlmsg_type == NLMSG_ERROR) {
    const struct nlmsgerr *answer = NLMSG_DATA (message);

    *failure = message->nlmsg_len >= NLMSG_LENGTH (sizeof *answer) ? -answer->error : EPROTO;
    return TRUE;
  }
  if (message->nlmsg_type == NLMSG_DONE)
    return TRUE;
  func (message, data);
  return FALSE;
}

/**
 * netns_dump_run:
 * @fd: from netns_dump_open()
 * @dump: what to list
 * @func: (scope call): gets each item
 * @data: for @func
 * @changed: (inout): set to %TRUE if something changed meanwhile: the list may lack something then
 * @error: `KernelRefused`; `TooLarge`, and @fd cannot be used any longer
 *
 * Returns: whether it was listed
 */
gboolean
netns_dump_run (int fd, const NetnsDump *dump, NetnsDumpFunc func, gpointer data, gboolean *changed, GError **error)
{
  g_autofree guint8 *reply = g_malloc (REPLY_MAX);
  gboolean done = FALSE;
  gsize size = 0;
  int failure = 0;

  if (!ask (fd, dump, error))
    return FALSE;
  while (!done) {
    struct sockaddr_nl sender = { 0 };
    socklen_t sender_size = sizeof sender;
    gssize count = recvfrom (fd, reply, REPLY_MAX, MSG_TRUNC, (struct sockaddr *) &sender, &sender_size);
    guint left = (guint) MAX (count, 0);

    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0 || count > REPLY_MAX)
      return netns_error_set_errno (error, count < 0 ? errno : EPROTO, "Cannot read the rules of nf_tables");
    if (sender.nl_pid != 0) /* whoever is root there can send messages, too (netlink_sendmsg() in the kernel) */
      continue;
    size += (gsize) count;
    if (dump->most != 0 && size > dump->most)
      return netns_refuse (error, NETNS_ERROR_TOO_LARGE, "Set “%s” has too many elements", dump->set);
    for (struct nlmsghdr *message = (struct nlmsghdr *) (void *) reply; !done && NLMSG_OK (message, left);
         message = NLMSG_NEXT (message, left))
      done = take (message, func, data, changed, &failure);
  }
  if (failure == ENOENT) /* it was removed meanwhile */
    *changed = TRUE;
  else if (failure != 0)
    return netns_error_set_errno (error, failure, "Cannot read the rules of nf_tables");
  return TRUE;
}
