/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/address.h"

#include "common/error.h"
#include "common/names.h"
#include "common/options.h"
#include "core/link/address-steps.h"
#include "core/link/link-steps.h"
#include "core/link/link.h"
#include "core/ruleset/guard.h"
#include "core/service/auth-scope.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define PEER " peer "

/* What the caller wants to know about duplicates before the reply. */
typedef enum {
  DETECTION_WAIT,
  DETECTION_BACKGROUND,
  DETECTION_OFF,
} Detection;

/* Options of a new address. */
typedef struct {
  NetnsAddress peer;
  NetnsAddress broadcast;
  char *label;
  guint32 metric;
  guint32 scope;
  gboolean prefix_route;
  guint32 valid; /* seconds, 0 for ever */
  guint32 preferred; /* seconds, G_MAXUINT32 for as long as it is valid */
  guint32 detection;
} Options;

const NetnsWord netns_address_scopes[] = {
  { "global", RT_SCOPE_UNIVERSE },
  { "site",   RT_SCOPE_SITE     },
  { "link",   RT_SCOPE_LINK     },
  { "host",   RT_SCOPE_HOST     },
  { NULL,     0                 },
};

static const NetnsWord detections[] = {
  { "wait",       DETECTION_WAIT       },
  { "background", DETECTION_BACKGROUND },
  { "off",        DETECTION_OFF        },
  { NULL,         0                    },
};

static const NetnsField fields[] = {
  { "peer", NETNS_FIELD_HOST, offsetof (Options, peer) },
  { "broadcast", NETNS_FIELD_HOST, offsetof (Options, broadcast) },
  { "label", NETNS_FIELD_TEXT, offsetof (Options, label) },
  { "metric", NETNS_FIELD_UINT32, offsetof (Options, metric) },
  { "scope", NETNS_FIELD_UINT32, offsetof (Options, scope), netns_address_scopes },
  { "prefix-route", NETNS_FIELD_BOOLEAN, offsetof (Options, prefix_route) },
  { "valid-lifetime", NETNS_FIELD_UINT32, offsetof (Options, valid) },
  { "preferred-lifetime", NETNS_FIELD_UINT32, offsetof (Options, preferred) },
  { "dad", NETNS_FIELD_UINT32, offsetof (Options, detection), detections },
  { NULL },
};

NETNS_DEFINE_AUTO_RECORD (Options, fields)

static guint64
end_of (guint32 seconds)
{
  return (guint64) (g_get_monotonic_time () / G_USEC_PER_SEC) + seconds;
}

static gboolean
check_family (const NetnsAddress *address, const NetnsAddress *other, const char *key, GError **error)
{
  if (other->family == AF_UNSPEC || other->family == address->family)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” must be of the same family as the address",
                       key);
}

static gboolean
check_for_ipv4 (const NetnsAddress *address, gboolean given, const char *key, GError **error)
{
  if (address->family == AF_INET || !given)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” is for IPv4 addresses only", key);
}

static gboolean
take_options (NetnsLinkAddress *address, const Options *options, GError **error)
{
  if (!check_family (&address->address, &options->peer, "peer", error)
      || !check_for_ipv4 (&address->address, options->broadcast.family != AF_UNSPEC, "broadcast", error)
      || !check_family (&address->address, &options->broadcast, "broadcast", error)
      || !check_for_ipv4 (&address->address, *options->label != '\0', "label", error)
      || !check_for_ipv4 (&address->address, options->scope != RT_SCOPE_UNIVERSE, "scope", error))
    return FALSE;
  if (strlen (options->label) > NETNS_LINK_NAME_MAX)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Label “%s” has more than %d bytes", options->label,
                         NETNS_LINK_NAME_MAX);
  if (options->preferred != G_MAXUINT32 && options->valid != 0 && options->preferred > options->valid)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "Option “preferred-lifetime” must not be greater than “valid-lifetime”");
  if (!netns_address_equal_host (&options->peer, &address->address))
    address->peer = options->peer;
  address->broadcast = options->broadcast;
  g_strlcpy (address->label, options->label, sizeof address->label);
  address->metric = options->metric;
  address->scope = (guint8) options->scope;
  address->flags
    = (options->prefix_route ? 0 : IFA_F_NOPREFIXROUTE) | (options->detection == DETECTION_OFF ? IFA_F_NODAD : 0);
  address->valid_until = options->valid ? end_of (options->valid) : 0;
  address->preferred_until = options->preferred != G_MAXUINT32 ? end_of (options->preferred) : 0;
  return TRUE;
}

/* Whether no link of the namespace but @but, if any, has an address, which an error calls @text. Error: `AddressInUse`. */
gboolean
netns_link_check_address (NetnsNamespace *namespace, const NetnsLink *but, const NetnsAddress *address,
                          const char *text, GError **error)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);

  for (guint i = 0; i < links->len; i++) {
    const NetnsLink *link = g_ptr_array_index (links, i);

    if (link == but || !netns_link_has_address (link, address))
      continue;
    return netns_refuse (error, NETNS_ERROR_ADDRESS_IN_USE, "Link “%s” in the same namespace already has address %s",
                         link->info.name, text);
  }
  return TRUE;
}

/* Point-to-point links share their own address with others, as a rule. */
static gboolean
check_free (const NetnsLink *link, const NetnsLinkAddress *address, GError **error)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  netns_address_print (&address->address, text);
  if (netns_link_addresses_find (link->addresses, address, NULL) != NULL)
    return netns_refuse (error, NETNS_ERROR_EXISTS, "Link “%s” already has address %s", link->info.name, text);
  return address->peer.family != AF_UNSPEC
         || netns_link_check_address (link->namespace, link, &address->address, text, error);
}

/* The plan for method Link.AddAddress, with prefix length. Errors: `InvalidArgument`, `Exists`, `AddressInUse`. */
NetnsPlan *
netns_link_add_address (NetnsCore *core, guint caller, NetnsLink *link, const char *text, GVariant *values,
                        GError **error)
{
  NetnsAddressChange change = { .link.index = link->info.index };
  NetnsLinkAddress *address = &change.address;
  g_auto (Options) options = { .prefix_route = TRUE, .preferred = G_MAXUINT32 };
  NetnsPlan *plan;

  if (!netns_options_read (netns_options_link_add_address, NULL, values, fields, &options, error)
      || !netns_address_parse (text, &address->address, error) || !take_options (address, &options, error)
      || !check_free (link, address, error) || !netns_guard_check_address (core, link, &address->address, error))
    return NULL;
  change.awaited = options.detection == DETECTION_WAIT;
  if (netns_core_get_link_owner (core, link) != NETNS_UID_NOBODY)
    change.ipv6_off = NETNS_IPV6_OFF_SWITCH_ON;
  plan = netns_link_plan_new (core, caller, link, error);
  if (plan == NULL)
    return NULL;
  netns_guard_plan_address (core, plan, link, &address->address, TRUE);
  netns_plan_address_add (plan, link->namespace->name, &change);
  return plan;
}

/* Reads `10.0.0.1/32`, or `10.0.0.1/32 peer 10.0.0.2`. */
static gboolean
parse_listed (const char *text, NetnsLinkAddress *address, GError **error)
{
  const char *space = strchr (text, ' ');
  g_autofree char *own = space ? g_strndup (text, (gsize) (space - text)) : g_strdup (text);

  if (!netns_address_parse (own, &address->address, error))
    return FALSE;
  if (space == NULL)
    return TRUE;
  if (!g_str_has_prefix (space, PEER))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” is not an address such as 10.0.0.1/24, or 10.0.0.1/32 peer 10.0.0.2", text);
  return netns_address_parse_host (space + strlen (PEER), &address->peer, error);
}

/* Which address of the link is meant: where no peer is named, the one without a peer, or the only one. */
static const NetnsLinkAddress *
find_listed (const NetnsLink *link, const char *text, GError **error)
{
  NetnsLinkAddress listed = { 0 };
  const NetnsLinkAddress *found = NULL;

  if (!parse_listed (text, &listed, error))
    return NULL;
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsLinkAddress *address = &g_array_index (link->addresses, NetnsLinkAddress, i);

    if (!netns_address_equal (&address->address, &listed.address))
      continue;
    if (netns_address_equal_host (&address->peer, &listed.peer))
      return address;
    if (listed.peer.family != AF_UNSPEC)
      continue;
    if (found != NULL)
      return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT,
                                "Link “%s” has address %s for several peers; write “%s peer ADDRESS”", link->info.name,
                                text, text);
    found = address;
  }
  return found ? found
               : netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, "Link “%s” does not have address %s", link->info.name,
                                    text);
}

/* The plan for method Link.RemoveAddress, with prefix length, and maybe peer. Errors: `InvalidArgument`, `NotFound`. */
NetnsPlan *
netns_link_remove_address (NetnsCore *core, guint caller, NetnsLink *link, const char *text, GError **error)
{
  const NetnsLinkAddress *address = find_listed (link, text, error);
  NetnsAddressChange change = { .link.index = link->info.index };
  NetnsPlan *plan = address ? netns_link_plan_new (core, caller, link, error) : NULL;

  if (plan == NULL)
    return NULL;
  change.address = *address;
  netns_plan_address_remove (plan, link->namespace->name, &change);
  netns_guard_plan_address (core, plan, link, &change.address.address, FALSE);
  return plan;
}

/* ---- what a call does until its addresses can be used */

typedef struct {
  NetnsCore *core;
  guint caller;
  const NetnsGrant *grant;
  guint64 cookie; /* of the namespace */
  guint index; /* of the link */
  gboolean made; /* by this call */
  GArray *addresses;
  guint next;
  GError *error; /* what the call answers */
  NetnsPlan *plan; /* that takes back what it did */
  NetnsDoneFunc done;
  gpointer data;
} Awaiting;

static void await_next (Awaiting *awaiting);

static void
answer (Awaiting *awaiting)
{
  awaiting->done (awaiting->error, awaiting->data);
  g_clear_error (&awaiting->error);
  g_clear_pointer (&awaiting->plan, netns_plan_free);
  g_array_unref (awaiting->addresses);
  g_free (awaiting);
}

static void
on_taken_back (const GError *error, gpointer data)
{
  Awaiting *awaiting = data;

  if (error != NULL) {
    g_autoptr (GError) duplicate = g_steal_pointer (&awaiting->error);

    netns_refuse (&awaiting->error, NETNS_ERROR_ROLLED_BACK, "%s; rollback failed, clean up manually: %s",
                  duplicate->message, error->message);
  }
  answer (awaiting);
}

static NetnsLink *
find_link (const Awaiting *awaiting)
{
  NetnsNamespace *namespace = netns_origins_find_namespace (netns_core_get_origins (awaiting->core), awaiting->cookie);

  return namespace ? netns_namespace_get_link (namespace, awaiting->index) : NULL;
}

/* What is gone need not be taken back. */
static void
take_back (gpointer data)
{
  Awaiting *awaiting = data;
  const NetnsLinkAddress *address = &g_array_index (awaiting->addresses, NetnsLinkAddress, awaiting->next);
  NetnsLink *link;

  netns_mirror_catch_up (netns_core_get_mirror (awaiting->core));
  link = find_link (awaiting);
  if (link != NULL && awaiting->made)
    awaiting->plan = netns_link_delete (awaiting->core, awaiting->caller, link, NULL);
  else if (link != NULL && netns_link_addresses_find (link->addresses, address, NULL) != NULL) {
    char text[NETNS_ADDRESS_MAX_TEXT];

    awaiting->plan = netns_link_remove_address (awaiting->core, awaiting->caller, link,
                                                netns_address_print (&address->address, text), NULL);
  }
  if (awaiting->plan != NULL) {
    netns_core_run (awaiting->core, awaiting->plan, awaiting->grant, on_taken_back, awaiting);
  } else {
    netns_core_skip (awaiting->core);
    answer (awaiting);
  }
}

static void
on_detected (const GError *error, gpointer data)
{
  Awaiting *awaiting = data;

  if (error != NULL) {
    awaiting->error = g_error_copy (error);
    netns_core_enqueue (awaiting->core, awaiting->caller, take_back, awaiting);
    return;
  }
  awaiting->next++;
  await_next (awaiting);
}

static void
await_next (Awaiting *awaiting)
{
  NetnsLink *link = awaiting->next < awaiting->addresses->len ? find_link (awaiting) : NULL;

  if (link == NULL)
    answer (awaiting);
  else
    netns_detections_await (netns_core_get_detections (awaiting->core), link,
                            &g_array_index (awaiting->addresses, NetnsLinkAddress, awaiting->next), on_detected,
                            awaiting);
}

/**
 * netns_link_await_addresses:
 * @core: the service
 * @caller: who calls
 * @grant: what the plan ran with
 * @plan: a plan that ran; its addresses are of one link
 * @done: called when its addresses can be used, or nobody can tell when; with `AddressInUse` when a neighbour has one,
 *   and all that the call did is taken back
 * @data: for @done
 */
void
netns_link_await_addresses (NetnsCore *core, guint caller, const NetnsGrant *grant, const NetnsPlan *plan,
                            NetnsDoneFunc done, gpointer data)
{
  const Awaiting values = { .core = core, .caller = caller, .grant = grant, .done = done, .data = data };
  Awaiting *awaiting = g_memdup2 (&values, sizeof values);
  const GPtrArray *steps = netns_plan_get_steps (plan);

  awaiting->addresses = g_array_new (FALSE, FALSE, sizeof (NetnsLinkAddress));
  for (guint i = 0; i < steps->len; i++) {
    const NetnsStep *step = g_ptr_array_index (steps, i);
    const NetnsAddressChange *change = step->parameter;
    NetnsNamespace *namespace;
    const NetnsLink *link;

    awaiting->made |= step->operation == &netns_operation_link_create;
    if (step->operation != &netns_operation_address_add || !change->awaited
        || change->address.address.family != AF_INET6)
      continue;
    namespace = netns_mirror_get_namespace (netns_core_get_mirror (core), step->namespace_name);
    link = namespace ? netns_link_ref_look_up (&change->link, namespace) : NULL;
    if (link == NULL)
      continue;
    awaiting->cookie = namespace->cookie;
    awaiting->index = link->info.index;
    g_array_append_val (awaiting->addresses, change->address);
  }
  await_next (awaiting);
}
