/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/library.h"

#include "common/error.h"

#include <errno.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static GByteArray *captured; /* NULL unless a transaction is compiled */

/* What mnl_batch_talk() in src/mnl.c of nftables sends is the transaction, in one message, and nothing else is sent by
 * sendmsg(): this takes the place of the C library's function. */
ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
  gsize length = 0;

  if (captured == NULL)
    return syscall (SYS_sendmsg, fd, message, flags);
  for (gsize i = 0; i < message->msg_iovlen; i++) {
    g_byte_array_append (captured, message->msg_iov[i].iov_base, (guint) message->msg_iov[i].iov_len);
    length += message->msg_iov[i].iov_len;
  }
  return (ssize_t) length;
}

/* nft_ctx_new() ends the process when it gets no socket: the kernel may have no nf_tables.
 *
 * Returns: whether the kernel has nf_tables; `NotSupported`, `KernelRefused` */
gboolean
netns_library_is_there (GError **error)
{
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

  if (fd >= 0) {
    close (fd);
    return TRUE;
  }
  if (errno == EPROTONOSUPPORT)
    return netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED, "This kernel has no nf_tables");
  return netns_error_set_errno (error, errno, "Cannot open a socket for nf_tables");
}

static struct nft_ctx *
new_context (guint flags)
{
  struct nft_ctx *context = nft_ctx_new (NFT_CTX_DEFAULT);

  if (context == NULL || nft_ctx_buffer_output (context) != 0 || nft_ctx_buffer_error (context) != 0)
    g_error ("Out of memory for libnftables");
  nft_ctx_output_set_flags (context, flags);
  return context;
}

/* The first line, without the place in the input, which the caller has not seen. */
static void
set_error (GError **error, struct nft_ctx *context)
{
  const char *text = nft_ctx_get_error_buffer (context);
  const char *mark = strstr (text, "rror: ");
  g_autofree char *line = NULL, *valid = NULL;

  text = mark ? mark + strlen ("rror: ") : text;
  line = g_strndup (text, strcspn (text, "\n"));
  valid = g_utf8_make_valid (g_strstrip (line), -1);
  g_set_error_literal (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED,
                       *valid != '\0' ? valid : "nf_tables refused it without giving a reason");
}

static struct nft_ctx *
run (const char *commands, guint flags, GError **error)
{
  struct nft_ctx *context = new_context (flags);

  if (nft_run_cmd_from_buffer (context, commands) == 0)
    return context;
  set_error (error, context);
  nft_ctx_free (context);
  return NULL;
}

/* Runs @commands, JSON as libnftables-json(5) has it, as one transaction; `KernelRefused`. */
gboolean
netns_library_apply (const char *commands, GError **error)
{
  struct nft_ctx *context = run (commands, NFT_CTX_OUTPUT_JSON, error);

  if (context != NULL)
    nft_ctx_free (context);
  return context != NULL;
}

/**
 * netns_library_list:
 * @object: what, such as `ruleset` or `table inet netnsd`
 * @form: how
 * @error: `KernelRefused`, with the words of libnftables
 *
 * Returns: (transfer full) (nullable): the list, with handles
 */
char *
netns_library_list (const char *object, NetnsLibraryForm form, GError **error)
{
  static const guint flags[] = {
    [NETNS_LIBRARY_JSON] = NFT_CTX_OUTPUT_JSON,
    [NETNS_LIBRARY_JSON_WITHOUT_ELEMENTS] = NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_TERSE,
    [NETNS_LIBRARY_TEXT] = NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_TERSE,
  };
  g_autofree char *command = g_strconcat ("list ", object, NULL);
  struct nft_ctx *context = run (command, flags[form] | NFT_CTX_OUTPUT_HANDLE, error);
  char *list;

  if (context == NULL)
    return NULL;
  list = g_strchomp (g_strdup (nft_ctx_get_output_buffer (context)));
  nft_ctx_free (context);
  return list;
}

/* A context that has made something which is not there would remember it: so each is for one transaction.
 *
 * Returns: (transfer full) (nullable): the message that libnftables would send for @commands; `KernelRefused` */
GBytes *
netns_library_compile (const char *commands, GError **error)
{
  g_autoptr (GBytes) message = NULL;
  gboolean done;

  captured = g_byte_array_new ();
  done = netns_library_apply (commands, error);
  message = g_byte_array_free_to_bytes (g_steal_pointer (&captured));
  return done ? g_steal_pointer (&message) : NULL;
}
