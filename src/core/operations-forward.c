/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps of port forwards: ports are held, settings of bridges borrowed, and connections forgotten. */
#include "core/operations.h"

#include "common/address.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "core/holds.h"
#include "core/step.h"
#include "core/store.h"
#include "kernel/conntrack.h"
#include "kernel/hairpin.h"
#include "kernel/link.h"
#include "kernel/sysctl.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static gboolean
parse_address (const char *text, NetnsAddress *address, GError **error)
{
  *address = (NetnsAddress){ .family = AF_UNSPEC };
  return *text == '\0' || netns_address_parse_host (text, address, error);
}

static gboolean
hold_ports (NetnsRun *run, NetnsStep *step, GError **error)
{
  const char *name = netns_step_get_string (step, "name");
  guint protocol = netns_step_get_uint32 (step, "protocol"), port = netns_step_get_uint32 (step, "port");
  g_autoptr (GError) refusal = NULL;
  NetnsAddress address;

  if (!parse_address (netns_step_get_string (step, "address"), &address, error))
    return FALSE;
  if (netns_holds_take (netns_run_get_grant (run), name, (int) protocol, &address, (guint16) port,
                        netns_step_get_uint32 (step, "count"), netns_step_get_boolean (step, "loopback6"), &refusal))
    return TRUE;
  if (netns_step_get_boolean (step, "if-free")) {
    g_warning ("Forward %s: %s", name, refusal->message);
    return TRUE;
  }
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

static gboolean
release_ports (NetnsRun *run, NetnsStep *step, GError **error)
{
  netns_holds_release (netns_step_get_string (step, "name"));
  return TRUE;
}

const NetnsOperation netns_operation_ports_hold = { "ports-hold", hold_ports, release_ports };

/* What is called, and where the answers come from. */
typedef struct {
  guint8 protocol;
  guint first;
  guint count;
  guint target_first;
  GArray *called;
  GArray *targets;
} Pattern;

static gboolean
has_address (const GArray *addresses, const NetnsAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    if (netns_address_equal_host (&g_array_index (addresses, NetnsAddress, i), address))
      return TRUE;
  return FALSE;
}

/* Without targets: what was called and not translated; else what is among them. */
static gboolean
fits (const NetnsFlow *flow, gpointer data)
{
  const Pattern *pattern = data;
  guint offset = (guint) flow->port - pattern->first;

  if (flow->protocol != pattern->protocol || flow->port < pattern->first || offset >= pattern->count
      || (pattern->called->len > 0 && !has_address (pattern->called, &flow->destination)))
    return FALSE;
  if (netns_address_equal_host (&flow->source, &flow->destination) && flow->source_port == flow->port)
    return pattern->targets->len == 0 || has_address (pattern->targets, &flow->source);
  return has_address (pattern->targets, &flow->source) && flow->source_port == pattern->target_first + offset;
}

static GArray *
get_addresses (NetnsStep *step, const char *key, GError **error)
{
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
  g_autofree const char **texts = NULL;

  g_variant_lookup (step->parameters, key, "^a&s", &texts);
  for (gsize i = 0; texts != NULL && texts[i] != NULL; i++) {
    NetnsAddress address;

    if (!netns_address_parse_host (texts[i], &address, error))
      return NULL;
    g_array_append_val (addresses, address);
  }
  return g_steal_pointer (&addresses);
}

static gboolean
forget_connections (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autoptr (GArray) called = get_addresses (step, "called", error);
  g_autoptr (GArray) targets = called ? get_addresses (step, "targets", error) : NULL;
  Pattern pattern = { (guint8) netns_step_get_uint32 (step, "protocol"),
                      netns_step_get_uint32 (step, "port"),
                      netns_step_get_uint32 (step, "count"),
                      netns_step_get_uint32 (step, "target-port"),
                      called,
                      targets };

  return targets != NULL && netns_conntrack_delete (netns_run_get_grant (run), fits, &pattern, error);
}

/* What is forgotten is made anew with the next packet, if the rules are as they were. */
static gboolean
undo_nothing (NetnsRun *run, NetnsStep *step, GError **error)
{
  return TRUE;
}

const NetnsOperation netns_operation_connections_forget = { "connections-forget", forget_connections, undo_nothing };

/* Settings of links that forwards need: `route_localnet` lets a bridge carry what was sent to 127.0.0.1, and `hairpin`
 * lets a port give back what came from it, for a namespace that calls itself (where br_netfilter is loaded, the bridge
 * translates before it looks who is next). What was off before is written down, and off again when nobody needs it. */

static char *
borrowed_file (NetnsStep *step)
{
  return g_strdup_printf ("borrowed/%s-%s", netns_step_get_string (step, "setting"), netns_step_get_string (step, "link"));
}

static gboolean
is_gone (NetnsRun *run, NetnsStep *step)
{
  g_autoptr (GError) error = NULL;
  NetnsNetlink *netlink;

  return netns_step_find_link (step, run, &netlink, &error) == 0
         && g_error_matches (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND);
}

static gboolean
exchange_localnet (NetnsRun *run, NetnsStep *step, gboolean on, gboolean *was_on, GError **error)
{
  g_autofree char *path = g_strdup_printf ("net/ipv4/conf/%s/route_localnet", netns_step_get_string (step, "link"));
  g_autofree char *value = NULL;
  int fd;

  if (!netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  value = netns_sysctl_get (fd, path, error);
  if (value == NULL)
    return FALSE;
  *was_on = strcmp (value, "0") != 0;
  return *was_on == on || netns_sysctl_set (netns_run_get_grant (run), fd, path, on ? "1" : "0", error);
}

static gboolean
exchange_hairpin (NetnsRun *run, NetnsStep *step, gboolean on, gboolean *was_on, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };
  NetnsNetlink *netlink;
  guint index = netns_step_find_link (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  *was_on = info.port.hairpin;
  return *was_on == on || netns_rtnl_set_hairpin (netns_run_get_grant (run), netlink, index, on, error);
}

static gboolean
exchange (NetnsRun *run, NetnsStep *step, gboolean on, gboolean *was_on, GError **error)
{
  return strcmp (netns_step_get_string (step, "setting"), "hairpin") == 0
           ? exchange_hairpin (run, step, on, was_on, error)
           : exchange_localnet (run, step, on, was_on, error);
}

static gboolean
borrow (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autofree char *file = borrowed_file (step);
  gboolean was_on, unused;

  if (!exchange (run, step, TRUE, &was_on, error))
    return FALSE;
  if (was_on || netns_store_write (file, "off\n", error))
    return TRUE;
  exchange (run, step, FALSE, &unused, NULL);
  return FALSE;
}

static gboolean
give_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autofree char *file = borrowed_file (step), *contents = NULL;
  gboolean unused;

  if (!netns_store_read (file, &contents, error))
    return FALSE;
  if (contents == NULL)
    return TRUE;
  if (!is_gone (run, step) && !exchange (run, step, FALSE, &unused, error))
    return FALSE;
  if (netns_store_write (file, NULL, error))
    return TRUE;
  exchange (run, step, TRUE, &unused, NULL);
  return FALSE;
}

/* A link that is gone takes its settings along, whatever comes after it. */
static gboolean
borrow_again (NetnsRun *run, NetnsStep *step, GError **error)
{
  return is_gone (run, step) || borrow (run, step, error);
}

const NetnsOperation netns_operation_setting_borrow = { "setting-borrow", borrow, give_back };
const NetnsOperation netns_operation_setting_return = { "setting-return", give_back, borrow_again };

static gboolean
read_counters (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);
  g_autofree char *list = nft ? netns_nft_query (nft, netns_step_get_string (step, "commands"), error) : NULL;

  if (list == NULL)
    return FALSE;
  netns_run_set_result (run, g_variant_new_string (list));
  return TRUE;
}

const NetnsOperation netns_operation_counters_read = { "counters-read", read_counters, undo_nothing };
