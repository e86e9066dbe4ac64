/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libnl's functions report that no memory is left, or that a fixed buffer is full. The first ends the
 * process, as it does everywhere in GLib; the second cannot happen, because values are cut. */
#include "kernel/request.h"

#include <netlink/attr.h>
#include <string.h>

#define MAX_VALUE 512 /* longer than any value that the kernel takes here: what is cut is refused there */

static void
check (gboolean good)
{
  if (!good)
    g_error ("Out of memory for a netlink request");
}

/**
 * netns_request_new:
 * @type: RTM_*
 * @flags: NLM_F_*
 * @body: the type's own structure
 * @size: bytes of @body
 *
 * Returns: (transfer full): a request without attributes
 */
NetnsMessage *
netns_request_new (int type, int flags, gconstpointer body, gsize size)
{
  NetnsMessage *request = nlmsg_alloc_simple (type, flags);

  check (request != NULL && nlmsg_append (request, (gpointer) body, size, NLMSG_ALIGNTO) == 0);
  return request;
}

/* Appends an attribute. */
void
netns_request_put (NetnsMessage *request, int type, gsize size, gconstpointer value)
{
  check (nla_put (request, type, (int) MIN (size, MAX_VALUE), value) == 0);
}

void
netns_request_put_u32 (NetnsMessage *request, int type, guint32 value)
{
  netns_request_put (request, type, sizeof value, &value);
}

/* With the end of the string. */
void
netns_request_put_string (NetnsMessage *request, int type, const char *value)
{
  netns_request_put (request, type, strlen (value) + 1, value);
}

/* Appends what is no attribute. */
void
netns_request_append (NetnsMessage *request, gconstpointer data, gsize size)
{
  check (nlmsg_append (request, (gpointer) data, size, NLMSG_ALIGNTO) == 0);
}

/* Returns: (transfer none): an attribute that holds what is appended until nla_nest_end() */
struct nlattr *
netns_request_open_nest (NetnsMessage *request, int type)
{
  struct nlattr *nest = nla_nest_start (request, type);

  check (nest != NULL);
  return nest;
}
