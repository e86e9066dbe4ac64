/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods of org.example.NetNS1.Manager that make links of all kinds but veth and bridge. */
#include "bus/manager.h"

#include "bus/options.h"
#include "common/error.h"
#include "core/link.h"

/* What every kind of link can be told. */
#define COMMON { "addresses", "as" }, { "mtu", "u" }, { "mac-address", "s" }, { "up", "b" }

/* Checks the values of those. @options->addresses is to be freed. */
static gboolean
read_common (GVariant *values, NetnsLinkOptions *options, GError **error)
{
  *options = (NetnsLinkOptions){
    .addresses = netns_options_get_addresses (values, "addresses", netns_address_parse, error),
    .mtu = netns_options_get_uint32 (values, "mtu", 0),
    .mac = netns_options_get_string (values, "mac-address"),
    .peer_mac = "",
    .enabled = netns_options_get_boolean (values, "up", TRUE),
  };
  return options->addresses != NULL
         && (!netns_options_has (values, "mtu") || netns_validate_mtu (options->mtu, error));
}

NetnsPlan *
netns_manager_create_tap (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[] = { COMMON, { "owner", "u" }, { NULL, NULL } };
  g_autoptr (GVariant) values = NULL;
  g_autoptr (GArray) addresses = NULL;
  const char *namespace_name, *name;
  NetnsLinkOptions options = { 0 };
  gboolean good;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &namespace_name, &name, &values);
  if (!netns_options_check (values, known, error))
    return NULL;
  good = read_common (values, &options, error);
  addresses = options.addresses;
  if (!good)
    return NULL;
  return netns_link_create_tap (call->core, call->uid, namespace_name, name,
                                netns_options_get_uint32 (values, "owner", call->uid), &options, error);
}

GVariant *
netns_manager_tap_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *name;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &namespace_name, &name, NULL);
  return netns_manager_reply_link (call->core, namespace_name, name, error);
}

/* Those that every kind has stand first. */
#define N_COMMON 4

static gboolean
check_options_of (const NetnsLinkKind *kind, GVariant *values, GError **error)
{
  static const NetnsOption all[]
    = { COMMON,          { "link", "s" },   { "link-namespace", "s" }, { "mode", "s" }, { "id", "u" },
        { "protocol", "s" }, { "remote", "s" }, { "local", "s" },          { "port", "q" }, { "learning", "b" } };
  NetnsOption known[G_N_ELEMENTS (all) + 1] = { 0 };
  gsize n_known = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    if (i < N_COMMON || netns_link_kind_has_option (kind, all[i].key))
      known[n_known++] = all[i];
  return netns_options_check (values, known, error);
}

NetnsPlan *
netns_manager_create_link (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *kind_name, *name;
  g_autoptr (GVariant) values = NULL;
  g_autoptr (GArray) addresses = NULL;
  NetnsLinkOptions options = { 0 };
  const NetnsLinkKind *kind;
  gboolean good;

  g_variant_get (call->parameters, "(&s&s&s@a{sv})", &namespace_name, &kind_name, &name, &values);
  kind = netns_link_kind_find (kind_name, error);
  if (kind == NULL || !check_options_of (kind, values, error))
    return NULL;
  good = read_common (values, &options, error);
  addresses = options.addresses;
  if (!good)
    return NULL;
  return netns_link_create (call->core, call->uid, namespace_name, kind, name, &options, values, error);
}

GVariant *
netns_manager_link_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *name;

  g_variant_get (call->parameters, "(&s&s&s@a{sv})", &namespace_name, NULL, &name, NULL);
  return netns_manager_reply_link (call->core, namespace_name, name, error);
}
