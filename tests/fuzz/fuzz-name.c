/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names, object paths, hardware addresses and options as callers give them. */
#include "common/names.h"
#include "common/options.h"
#include "common/text.h"
#include "common/validate.h"

#include "fuzz.h"

#include <string.h>

/* A name that can be is in a path of its own, and what comes out of the path is the name. */
static void
take_name (const char *text, gconstpointer data)
{
  g_autofree char *label = NULL, *name = NULL;

  netns_validate_link_name (text, NULL);
  netns_validate_network_name (text, NULL);
  if (!netns_validate_namespace_name (text, NULL))
    return;
  label = netns_path_escape (text);
  name = netns_path_unescape (label);
  g_assert_cmpstr (name, ==, text);
}

/* A label that is taken is that of its name and of no other one. */
static void
take_label (const char *text, gconstpointer data)
{
  g_autofree char *name = netns_path_unescape (text), *label = NULL;

  g_free (netns_name_from_label (text));
  if (name == NULL)
    return;
  label = netns_path_escape (name);
  g_assert_cmpstr (label, ==, text);
}

static void
take_mac (const char *text, gconstpointer data)
{
  guint8 mac[NETNS_MAC_LENGTH], again[NETNS_MAC_LENGTH];
  g_autofree char *printed = NULL;

  if (!netns_parse_mac (text, mac, NULL))
    return;
  printed = netns_print_mac (mac);
  g_assert_true (netns_parse_mac (printed, again, NULL));
  g_assert_true (memcmp (mac, again, sizeof mac) == 0);
}

/* What is shown is one line that a terminal can have. */
static void
take_text (const char *text, gconstpointer data)
{
  g_autofree char *shown = netns_text_escape (text, "");

  g_assert_true (g_utf8_validate (shown, -1, NULL));
  for (const char *c = shown; *c != '\0'; c = g_utf8_next_char (c))
    g_assert_true (g_unichar_isprint (g_utf8_get_char (c)));
}

static void
take_options (const char *text, gconstpointer data)
{
  const NetnsOptionInfo *tables[] = { netns_options_manager_create_network, netns_options_manager_create_bridge,
                                      netns_options_manager_connect, netns_options_firewall_add_rule };
  g_autoptr (GVariant) options = NULL;

  if (g_utf8_validate (text, -1, NULL)) /* the bus passes nothing else on */
    options = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);

  for (gsize i = 0; options != NULL && i < G_N_ELEMENTS (tables); i++)
    netns_options_check (tables[i], NULL, options, NULL);
}

const NetnsFuzzText netns_fuzz_texts[] = {
  { take_name, NULL, "web-1.test_é" },
  { take_label, NULL, "db_2d1_5f" },
  { take_mac, NULL, "02:00:00:00:00:01" },
  { take_text, NULL, "a\xc2\x9b\u202e\xff\x1b b" },
  { take_options, NULL, "{'subnets': <['10.1.0.0/24']>, 'nat': <true>, 'uplink': <'eth0'>}" },
  { take_options, NULL, "{'protocol': <'tcp'>, 'source': <'192.0.2.0/24'>, 'destination-ports': <['1-9']>}" },
  { NULL },
};
