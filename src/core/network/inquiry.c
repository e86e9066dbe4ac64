/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/inquiry.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/ruleset/rules-steps.h"
#include "kernel/ask.h"

#include <linux/if.h>
#include <sys/socket.h>

/* Somebody who answers for all addresses, whatever the reason, makes only themselves wait. */
#define MOST    256
#define LONGEST (10 * G_TIME_SPAN_SECOND)

/**
 * NetnsInquiry:
 * @core: the service
 * @bridge: identity of the bridge
 * @bridge_name: its name
 * @index: its ifindex
 * @namespace_name: its namespace
 * @families: whether it is asked for IPv4, and for IPv6
 * @questions: (element-type NetnsQuestion): what was asked, and answered
 * @wanted: (element-type NetnsAddress): what the plan gives and is not known to be free
 * @began: when the first one was asked
 */
struct _NetnsInquiry {
  NetnsCore *core;
  guint64 bridge;
  char *bridge_name;
  guint index;
  char *namespace_name;
  gboolean families[2];
  GArray *questions;
  GArray *wanted;
  gint64 began;
};

/* On its way through the worker and the background. */
typedef struct {
  NetnsInquiry *inquiry;
  guint index;     /* of the bridge, for the thread: at the end of the service the inquiry goes first */
  NetnsPlan *plan; /* opens the namespace */
  guint uid;
  const NetnsGrant *grant;
  int namespace_fd;
  GArray *questions;
  GError *error;
  NetnsDoneFunc done;
  GSourceOnceFunc again;
  gpointer data;
} Asking;

/* Returns: (transfer full): that of one call, which has asked nothing yet */
NetnsInquiry *
netns_inquiry_new (NetnsCore *core)
{
  NetnsInquiry *inquiry = g_new0 (NetnsInquiry, 1);

  inquiry->core = core;
  inquiry->questions = g_array_new (FALSE, FALSE, sizeof (NetnsQuestion));
  inquiry->wanted = netns_addresses_new ();
  g_ptr_array_add (netns_core_get_inquiries (core), inquiry);
  return inquiry;
}

/* @inquiry: (transfer full): one that does not run; others may have now what it asked for */
void
netns_inquiry_free (NetnsInquiry *inquiry)
{
  g_ptr_array_remove_fast (netns_core_get_inquiries (inquiry->core), inquiry);
  g_array_unref (inquiry->questions);
  g_array_unref (inquiry->wanted);
  g_free (inquiry->bridge_name);
  g_free (inquiry->namespace_name);
  g_free (inquiry);
}

/* Whether the addresses of who is behind a port may be others than those that the mirror shows. */
static gboolean
leads_to_strangers (NetnsMirror *mirror, const NetnsLink *port)
{
  const NetnsLink *peer = netns_mirror_get_peer (mirror, port);

  return peer == NULL || peer->namespace == port->namespace || peer->info.master != 0;
}

/* Without a link-local address the kernel asks nobody for IPv6 (ndisc_send_ns() in net/ipv6/ndisc.c). */
static gboolean
has_link_local (const NetnsLink *link)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsAddress *address = &g_array_index (link->addresses, NetnsLinkAddress, i).address;

    if (address->family == AF_INET6 && netns_address_is_link_local (address))
      return TRUE;
  }
  return FALSE;
}

/* Begins a plan, which gives addresses on @bridge. */
void
netns_inquiry_begin (NetnsInquiry *inquiry, const NetnsLink *bridge)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (bridge);
  gboolean strangers = FALSE;

  if (inquiry->bridge != bridge->identity)
    g_array_set_size (inquiry->questions, 0);
  g_array_set_size (inquiry->wanted, 0);
  inquiry->bridge = bridge->identity;
  inquiry->index = bridge->info.index;
  g_free (inquiry->bridge_name);
  inquiry->bridge_name = g_strdup (bridge->info.name);
  g_free (inquiry->namespace_name);
  inquiry->namespace_name = g_strdup (bridge->namespace->name);
  for (guint i = 0; !strangers && i < ports->len; i++)
    strangers = leads_to_strangers (netns_core_get_mirror (inquiry->core), ports->pdata[i]);
  inquiry->families[0] = strangers && (bridge->info.flags & IFF_UP) != 0;
  inquiry->families[1] = inquiry->families[0] && has_link_local (bridge);
}

static const NetnsQuestion *
find_question (const NetnsInquiry *inquiry, const NetnsAddress *address)
{
  for (guint i = 0; i < inquiry->questions->len; i++) {
    const NetnsQuestion *question = &g_array_index (inquiry->questions, NetnsQuestion, i);

    if (netns_address_equal_host (&question->address, address))
      return question;
  }
  return NULL;
}

/* Appends to @addresses those that somebody on the bridge has, and those that other calls have asked for: they will be
 * given in a moment. */
void
netns_inquiry_add_taken (const NetnsInquiry *inquiry, GArray *addresses)
{
  const GPtrArray *all = netns_core_get_inquiries (inquiry->core);

  for (guint i = 0; i < all->len; i++) {
    const NetnsInquiry *one = all->pdata[i];

    for (guint j = 0; one->bridge == inquiry->bridge && j < one->questions->len; j++) {
      const NetnsQuestion *question = &g_array_index (one->questions, NetnsQuestion, j);

      if (one != inquiry || question->neighbour.state != 0)
        g_array_append_val (addresses, question->address);
    }
  }
}

/* Notes that the plan gives @address. The error is `AddressInUse` when somebody has it. */
gboolean
netns_inquiry_use (NetnsInquiry *inquiry, const NetnsAddress *address, GError **error)
{
  const NetnsQuestion *question = find_question (inquiry, address);
  char text[NETNS_ADDRESS_MAX_TEXT];
  g_autofree char *mac = NULL;

  netns_address_print_host (address, text);
  if (question != NULL && question->neighbour.state != 0) {
    mac = netns_print_mac (question->neighbour.mac);
    return netns_refuse (error, NETNS_ERROR_ADDRESS_IN_USE,
                         "Address %s is in use by somebody on bridge “%s” with MAC address %s", text,
                         inquiry->bridge_name, mac);
  }
  if (question != NULL || !inquiry->families[address->family == AF_INET6])
    return TRUE;
  if (inquiry->questions->len >= MOST || (inquiry->began != 0 && g_get_monotonic_time () > inquiry->began + LONGEST))
    return netns_refuse (
      error, NETNS_ERROR_ADDRESS_IN_USE,
      "Found no free address on bridge “%s”: somebody answers for those that were tried before %s; specify "
      "one with option “addresses”",
      inquiry->bridge_name, text);
  g_array_append_vals (inquiry->wanted, address, 1);
  return TRUE;
}

/* Returns: whether the plan gives an address that has to be asked for first */
gboolean
netns_inquiry_is_open (const NetnsInquiry *inquiry)
{
  return inquiry != NULL && inquiry->wanted->len > 0;
}

/* ---- the asking */

static void
free_asking (gpointer data)
{
  g_autofree Asking *asking = data;

  g_array_unref (asking->questions);
  g_clear_error (&asking->error);
  netns_close_fd (&asking->namespace_fd);
  netns_plan_free (asking->plan);
}

static void
finish (const GError *error, gpointer data)
{
  Asking *asking = data;
  const Asking values = *asking;
  g_autoptr (GError) failure = error ? g_error_copy (error) : g_steal_pointer (&asking->error);

  for (guint i = 0; i < asking->questions->len; i++) {
    const NetnsQuestion *answer = &g_array_index (asking->questions, NetnsQuestion, i);

    ((NetnsQuestion *) find_question (asking->inquiry, &answer->address))->neighbour = answer->neighbour;
  }
  free_asking (asking);
  if (failure != NULL)
    values.done (failure, values.data);
  else
    values.again (values.data);
}

static void
ask (gpointer data, GCancellable *cancellable)
{
  Asking *asking = data;

  netns_ask_neighbours (asking->grant, asking->namespace_fd, asking->index, asking->questions, cancellable,
                        &asking->error);
}

static void
on_opened (const GError *error, gpointer data)
{
  Asking *asking = data;
  g_autoptr (GError) refusal = error ? g_error_copy (error) : NULL;

  if (refusal == NULL)
    asking->namespace_fd = netns_plan_steal_descriptor (asking->plan);
  if (refusal != NULL
      || !netns_background_push (netns_core_get_background (asking->inquiry->core), NETNS_WORK_ASK, asking->uid, ask,
                                 finish, free_asking, asking, &refusal))
    finish (refusal, asking);
}

/**
 * netns_inquiry_run:
 * @inquiry: an open one
 * @uid: who calls
 * @grant: with what, which must live until the answer
 * @done: (scope async): called when it cannot be asked: `KernelRefused`, `LimitsExceeded`, `NamespaceGone`
 * @again: (scope async): called when the plan is to be made once more
 * @data: for both
 *
 * Instead of running the plan, in its turn, which ends.
 */
void
netns_inquiry_run (NetnsInquiry *inquiry, guint uid, const NetnsGrant *grant, NetnsDoneFunc done, GSourceOnceFunc again,
                   gpointer data)
{
  const Asking values = { .inquiry = inquiry,
                          .index = inquiry->index,
                          .plan = netns_plan_new (),
                          .uid = uid,
                          .grant = grant,
                          .namespace_fd = -1,
                          .questions = g_array_new (FALSE, FALSE, sizeof (NetnsQuestion)),
                          .done = done,
                          .again = again,
                          .data = data };
  Asking *asking = g_memdup2 (&values, sizeof values);
  NetnsNamespace *namespace
    = netns_mirror_get_namespace (netns_core_get_mirror (inquiry->core), inquiry->namespace_name);

  for (guint i = 0; i < inquiry->wanted->len; i++) {
    const NetnsQuestion question = { .address = g_array_index (inquiry->wanted, NetnsAddress, i) };

    g_array_append_val (asking->questions, question);
    g_array_append_val (inquiry->questions, question);
  }
  g_array_set_size (inquiry->wanted, 0);
  if (inquiry->began == 0)
    inquiry->began = g_get_monotonic_time ();
  if (namespace != NULL)
    netns_plan_use_namespace (asking->plan, namespace);
  netns_plan_rules_open (asking->plan, inquiry->namespace_name);
  netns_core_run (inquiry->core, asking->plan, grant, on_opened, asking);
}
