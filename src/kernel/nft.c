/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON only: in the language of nft a link's name can be a keyword, and a stranger's name a command. */
#include "kernel/nft.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/cleanup.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#define LIST_RULESET "{\"nftables\": [{\"list\": {\"ruleset\": null}}]}"

struct _NetnsNft {
  NetnsNftContext *context;
  int namespace_fd; /* -1 for that of the calling thread */
};

/* nft_ctx_new() ends the process when it gets no socket: the kernel may have no nf_tables, or no descriptor may be
 * left. */
static gboolean
socket_works (GError **error)
{
  netns_autofd int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

  if (fd >= 0)
    return TRUE;
  if (errno == EPROTONOSUPPORT)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED, "This kernel has no nf_tables");
  else
    netns_error_set_errno (error, errno, "Cannot open a socket for nf_tables");
  return FALSE;
}

/**
 * netns_nft_new:
 * @namespace_fd: a namespace, -1 for that of the calling thread
 * @error: `NotSupported`, `KernelRefused`
 *
 * Returns: (transfer full) (nullable): the firewall of that namespace; it keeps the namespace alive
 */
NetnsNft *
netns_nft_new (int namespace_fd, GError **error)
{
  g_autoptr (NetnsNftContext) context = NULL;
  netns_autofd int own_fd = -1;
  NetnsNft *nft;

  if (namespace_fd >= 0) {
    own_fd = fcntl (namespace_fd, F_DUPFD_CLOEXEC, 0);
    if (own_fd < 0) {
      netns_error_set_errno (error, errno, "Cannot keep the namespace open");
      return NULL;
    }
  }
  if (namespace_fd >= 0 && !netns_nsfs_enter (namespace_fd, error))
    return NULL;
  if (socket_works (error))
    context = nft_ctx_new (NFT_CTX_DEFAULT);
  if (namespace_fd >= 0)
    netns_nsfs_leave ();
  if (context == NULL)
    return NULL;
  if (nft_ctx_buffer_output (context) != 0 || nft_ctx_buffer_error (context) != 0)
    g_error ("Out of memory for libnftables");
  nft_ctx_output_set_flags (context, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE);
  nft = g_new0 (NetnsNft, 1);
  nft->context = g_steal_pointer (&context);
  nft->namespace_fd = g_steal_fd (&own_fd);
  return nft;
}

/**
 * netns_nft_free:
 * @nft: (transfer full): a firewall
 *
 * Leaves its rules as they are.
 */
void
netns_nft_free (NetnsNft *nft)
{
  nft_ctx_free (nft->context);
  netns_close_fd (&nft->namespace_fd);
  g_free (nft);
}

/* The first line, without the place in the input, which nobody outside has seen. */
static char *
first_line (const char *text)
{
  static const char *const marks[] = { "Error: ", "error: " };
  g_autofree char *line = g_strndup (text, strcspn (text, "\n"));
  const char *begin = line;

  for (gsize i = 0; i < G_N_ELEMENTS (marks); i++) {
    const char *mark = strstr (begin, marks[i]);

    if (mark != NULL)
      begin = mark + strlen (marks[i]);
  }
  return g_strstrip (g_strdup (begin));
}

/* What an earlier run left, such as warnings, is not to stand before the next one's words: reading empties. */
static void
empty_buffers (NetnsNft *nft)
{
  nft_ctx_get_output_buffer (nft->context);
  nft_ctx_get_error_buffer (nft->context);
}

static gboolean
run (NetnsNft *nft, const char *commands, const char *what, GError **error)
{
  g_autofree char *words = NULL;
  gboolean done;

  empty_buffers (nft);
  /* The context's socket stays in its namespace, but libnftables translates the names of links with a socket that it
   * opens now (nft_if_nametoindex() in src/iface.c). */
  if (nft->namespace_fd >= 0 && !netns_nsfs_enter (nft->namespace_fd, error))
    return FALSE;
  done = nft_run_cmd_from_buffer (nft->context, commands) == 0;
  if (nft->namespace_fd >= 0)
    netns_nsfs_leave ();
  if (done)
    return TRUE;
  words = first_line (nft_ctx_get_error_buffer (nft->context));
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "%s: %s", what,
               *words != '\0' ? words : "nf_tables refused it without a word");
  return FALSE;
}

/**
 * netns_nft_apply:
 * @grant: who may do it
 * @nft: a firewall
 * @commands: JSON as libnftables-json(5) describes it
 * @error: `InvalidArgument` (no JSON object), `KernelRefused`, with the words of libnftables
 *
 * One transaction: all of it or nothing.
 *
 * Returns: whether it was done
 */
gboolean
netns_nft_apply (const NetnsGrant *grant, NetnsNft *nft, const char *commands, GError **error)
{
  /* What is no JSON, libnftables tries as commands in its own language (nft_run_cmd_from_buffer()); none of these
   * begins with a brace. */
  if (*commands != '{') {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Firewall rules must be a JSON object");
    return FALSE;
  }
  return run (nft, commands, "Cannot change the firewall", error);
}

/**
 * netns_nft_query:
 * @nft: a firewall
 * @commands: commands that only list, as JSON
 * @error: `KernelRefused`, with the words of libnftables
 *
 * Returns: (transfer full) (nullable): what they list, as JSON with handles
 */
char *
netns_nft_query (NetnsNft *nft, const char *commands, GError **error)
{
  if (!run (nft, commands, "Cannot read the firewall", error))
    return NULL;
  return g_strchomp (g_strdup (nft_ctx_get_output_buffer (nft->context)));
}

/**
 * netns_nft_list_ruleset:
 * @nft: a firewall
 * @error: `KernelRefused`, with the words of libnftables
 *
 * Returns: (transfer full) (nullable): all its tables, as JSON with handles
 */
char *
netns_nft_list_ruleset (NetnsNft *nft, GError **error)
{
  return netns_nft_query (nft, LIST_RULESET, error);
}
