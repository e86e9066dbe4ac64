/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules are what the kernel says, whatever others send to the socket that they are read from: root of a namespace may do that
 * (netlink_sendmsg() in the kernel), and knows when netnsd-nft reads. */
#include "nft/attributes.h"
#include "nft/dump.h"
#include "sandbox.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  struct nlmsghdr header;
  struct nfgenmsg family;
  struct nlattr attribute;
  char name[8];
} Forged;

static void
forge (int socket, const struct sockaddr_nl *to, guint16 type, guint16 flags)
{
  const Forged message = {
    .header = { sizeof message, type, flags, 0, to->nl_pid },
    .family = { .nfgen_family = 2 },
    .attribute = { NLA_HDRLEN + sizeof message.name, NFTA_TABLE_NAME },
    .name = "forged"
  };

  g_assert_cmpint (sendto (socket, &message, sizeof message, 0, (const struct sockaddr *) to, sizeof *to), ==,
                   sizeof message);
}

static void
take (struct nlmsghdr *message, gpointer data)
{
  struct nlattr *name = nlmsg_find_attr (message, sizeof (struct nfgenmsg), NFTA_TABLE_NAME);

  g_string_append_printf (data, "%s ", netns_attribute_get_text (name));
}

/* A table that is not there, the end of the list, an error, the word that something changed: each alone, ahead of the answer. */
static void
test_senders (void)
{
  static const struct {
    guint16 type;
    guint16 flags;
  } rows[] = {
    { NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_MULTI                   },
    { NLMSG_DONE,                                   NLM_F_MULTI                   },
    { NLMSG_ERROR,                                  0                             },
    { NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_MULTI | NLM_F_DUMP_INTR },
  };
  static const NetnsDump dump = { .type = NFT_MSG_GETTABLE };
  int other = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

  g_free (sandbox_run ("nft add table ip one; nft add table ip6 two"));
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GString) found = g_string_new (NULL);
    struct sockaddr_nl address = { .nl_family = AF_NETLINK };
    socklen_t size = sizeof address;
    gboolean changed = FALSE;
    int fd = netns_dump_open (&error);

    g_assert_no_error (error);
    g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
    g_assert_no_errno (getsockname (fd, (struct sockaddr *) &address, &size));
    forge (other, &address, rows[i].type, rows[i].flags);
    netns_dump_run (fd, &dump, take, found, &changed, &error);
    g_assert_no_error (error);
    g_assert_false (changed);
    g_assert_cmpstr (found->str, ==, "one two ");
    close (fd);
  }
  close (other);
}

static void
add_tests (void)
{
  g_test_add_func ("/dump/senders", test_senders);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
