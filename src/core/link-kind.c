/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link-kind.h"

#include "common/address.h"
#include "common/error.h"

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/socket.h>

#define VLAN_ID_MIN   1
#define VLAN_ID_MAX   4094             /* 0 means no VLAN, 4095 is reserved (IEEE 802.1Q, 9.6) */
#define VXLAN_ID_MAX  ((1u << 24) - 1) /* RFC 7348, 5 */
#define VXLAN_PORT    4789             /* IANA's; the kernel's own default is older */

/* A word of the caller and the kernel's number for it. */
typedef struct {
  const char *word;
  guint32 number;
} Word;

struct _NetnsLinkKind {
  const char *name;
  const char *const *options; /* besides those that every kind has */
  gboolean needs_parent;
  gboolean (*read) (GVariant *options, GVariantDict *parameters, GError **error);
};

/* The first word is what it is if the caller does not say. */
static gboolean
read_word (GVariant *options, const char *key, const Word *words, GVariantDict *parameters, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  const char *value = words[0].word;

  g_variant_lookup (options, key, "&s", &value);
  for (; words->word != NULL; words++) {
    if (strcmp (words->word, value) == 0) {
      g_variant_dict_insert (parameters, key, "u", words->number);
      return TRUE;
    }
    g_string_append_printf (known, "%s%s", known->len ? ", " : "", words->word);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” cannot be “%s”; say one of: %s", key, value,
               known->str);
  return FALSE;
}

static gboolean
read_id (GVariant *options, const char *kind, guint32 min, guint32 max, GVariantDict *parameters, GError **error)
{
  guint32 id;

  if (!g_variant_lookup (options, "id", "u", &id)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "A link of kind “%s” needs option “id”, %u to %u",
                 kind, min, max);
    return FALSE;
  }
  if (id < min || id > max) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The id of a %s is %u to %u, not %u", kind, min, max,
                 id);
    return FALSE;
  }
  g_variant_dict_insert (parameters, "id", "u", id);
  return TRUE;
}

static gboolean
read_nothing (GVariant *options, GVariantDict *parameters, GError **error)
{
  return TRUE;
}

static gboolean
read_macvlan (GVariant *options, GVariantDict *parameters, GError **error)
{
  static const Word modes[] = { { "bridge", MACVLAN_MODE_BRIDGE },
                                { "private", MACVLAN_MODE_PRIVATE },
                                { "vepa", MACVLAN_MODE_VEPA },
                                { "passthru", MACVLAN_MODE_PASSTHRU },
                                { NULL, 0 } };

  return read_word (options, "mode", modes, parameters, error);
}

static gboolean
read_ipvlan (GVariant *options, GVariantDict *parameters, GError **error)
{
  static const Word modes[]
    = { { "l2", IPVLAN_MODE_L2 }, { "l3", IPVLAN_MODE_L3 }, { "l3s", IPVLAN_MODE_L3S }, { NULL, 0 } };

  /* The kernel would silently leave it away (ipvlan_link_new() in drivers/net/ipvlan/ipvlan_main.c). */
  if (g_variant_lookup (options, "mac-address", "&s", NULL)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Option “mac-address” makes no sense: an ipvlan link has the hardware address of its parent");
    return FALSE;
  }
  return read_word (options, "mode", modes, parameters, error);
}

static gboolean
read_vlan (GVariant *options, GVariantDict *parameters, GError **error)
{
  static const Word protocols[] = { { "802.1Q", ETH_P_8021Q }, { "802.1ad", ETH_P_8021AD }, { NULL, 0 } };

  return read_id (options, "vlan", VLAN_ID_MIN, VLAN_ID_MAX, parameters, error)
         && read_word (options, "protocol", protocols, parameters, error);
}

/* Hands on an address that makes sense; there may be none. */
static gboolean
read_host (GVariant *options, const char *key, GVariantDict *parameters, NetnsAddress *address, GError **error)
{
  const char *text;

  address->family = AF_UNSPEC;
  if (!g_variant_lookup (options, key, "&s", &text))
    return TRUE;
  if (!netns_address_parse_host (text, address, error))
    return FALSE;
  g_variant_dict_insert (parameters, key, "s", text);
  return TRUE;
}

static gboolean
read_vxlan (GVariant *options, GVariantDict *parameters, GError **error)
{
  gboolean learning = TRUE;
  guint16 port = VXLAN_PORT;
  NetnsAddress remote, local;

  if (!read_id (options, "vxlan", 0, VXLAN_ID_MAX, parameters, error)
      || !read_host (options, "remote", parameters, &remote, error)
      || !read_host (options, "local", parameters, &local, error))
    return FALSE;
  if (remote.family != AF_UNSPEC && local.family != AF_UNSPEC && remote.family != local.family) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Options “remote” and “local” must be addresses of the same family");
    return FALSE;
  }
  g_variant_lookup (options, "port", "q", &port);
  if (port == 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The port of a vxlan is 1 to 65535, not 0");
    return FALSE;
  }
  g_variant_lookup (options, "learning", "b", &learning);
  g_variant_dict_insert (parameters, "port", "u", (guint32) port);
  g_variant_dict_insert (parameters, "learning", "b", learning);
  return TRUE;
}

static const char *const no_options[] = { NULL };
static const char *const mode_options[] = { "link", "link-namespace", "mode", NULL };
static const char *const vlan_options[] = { "link", "link-namespace", "id", "protocol", NULL };
static const char *const vxlan_options[]
  = { "link", "link-namespace", "id", "remote", "local", "port", "learning", NULL };

static const NetnsLinkKind kinds[] = {
  { "dummy", no_options, FALSE, read_nothing },    { "ifb", no_options, FALSE, read_nothing },
  { "macvlan", mode_options, TRUE, read_macvlan }, { "ipvlan", mode_options, TRUE, read_ipvlan },
  { "vlan", vlan_options, TRUE, read_vlan },       { "vxlan", vxlan_options, FALSE, read_vxlan },
};

/**
 * netns_link_kind_find:
 * @name: what the kernel calls it
 * @error: `InvalidArgument` for one that another method makes, `NotSupported` for any other
 *
 * Returns: (transfer none) (nullable): the kind
 */
const NetnsLinkKind *
netns_link_kind_find (const char *name, GError **error)
{
  static const struct {
    const char *kind, *method;
  } others[]
    = { { "veth", "CreateVeth" }, { "bridge", "CreateBridge" }, { "tun", "CreateTap" }, { "tap", "CreateTap" } };
  g_autoptr (GString) known = g_string_new (NULL);
  g_autofree char *begin = g_strndup (name, 40), *shown = g_strescape (begin, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (strcmp (kinds[i].name, name) == 0)
      return &kinds[i];
    g_string_append_printf (known, "%s%s", known->len ? ", " : "", kinds[i].name);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
    if (strcmp (others[i].kind, name) != 0)
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Links of kind “%s” are made with %s", name,
                 others[i].method);
    return NULL;
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED, "Links of kind “%s” cannot be made; say one of: %s", shown,
               known->str);
  return NULL;
}

const char *
netns_link_kind_get_name (const NetnsLinkKind *kind)
{
  return kind->name;
}

/* Besides those that every kind has: addresses, mtu, mac-address and up. */
gboolean
netns_link_kind_has_option (const NetnsLinkKind *kind, const char *key)
{
  return g_strv_contains (kind->options, key);
}

gboolean
netns_link_kind_needs_parent (const NetnsLinkKind *kind)
{
  return kind->needs_parent;
}

/**
 * netns_link_kind_read:
 * @kind: a kind
 * @options: a{sv}, known to be of the right types
 * @parameters: where to put what the step that makes it needs: `mode`, `id`, `protocol`, `remote`, `local`, `port` and
 *   `learning`, as far as the kind has them
 * @error: `InvalidArgument`
 *
 * Returns: whether they make sense
 */
gboolean
netns_link_kind_read (const NetnsLinkKind *kind, GVariant *options, GVariantDict *parameters, GError **error)
{
  return kind->read (options, parameters, error);
}
