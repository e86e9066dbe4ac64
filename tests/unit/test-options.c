/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/error.h"
#include "common/options.h"
#include "common/protocol.h"

#include <string.h>
#include <sys/socket.h>

static const char *const flat[] = { "flat", NULL }, *const round_or_flat[] = { "round", "flat", NULL };

static const NetnsOptionInfo table[] = {
  { "name", "s", "NAME", NULL, 0, 0, "", NULL, FALSE, NULL, "Its name" },
  { "mode", "s", NULL, (const char *const[]) { "a", "b", "c", NULL }, 0, 0, "", "b", FALSE, NULL, "How it works" },
  { "states", "as", NULL, (const char *const[]) { "new", "old", NULL }, 0, 0, "", NULL, FALSE, NULL, "Its states" },
  { "delay", "u", NULL, NULL, 2, 30, "s", NULL, FALSE, NULL, "How long it waits" },
  { "port", "q", NULL, NULL, 1, 65535, "", "80", FALSE, NULL, "Its port" },
  { "up", "b", NULL, NULL, 0, 0, "", "true", FALSE, NULL, "Whether it is enabled" },
  { "loud", "b", NULL, NULL, 0, 0, "", NULL, FALSE, NULL, "Whether it is heard" },
  { "addresses", "as", "CIDR", NULL, 0, 0, "", NULL, FALSE, NULL, "Its addresses" },
  { "to", "s", "ADDRESS", NULL, 0, 0, "", NULL, FALSE, NULL, "Where it goes" },
  { "mac", "s", "MAC", NULL, 0, 0, "", NULL, FALSE, NULL, "Its hardware address" },
  { "id", "u", NULL, NULL, 1, 4094, "", NULL, TRUE, flat, "Number of the flat one" },
  { "link", "s", "LINK", NULL, 0, 0, "", NULL, TRUE, round_or_flat, "What it stands on" },
  { "via", "s", "ADDRESS", NULL, 0, 0, "", NULL, FALSE, NULL, "Which way it goes", TRUE },
  { NULL },
};

typedef struct {
  char *name;
  guint32 mode;
  guint32 delay;
  guint16 port;
  gboolean up;
  gboolean loud;
  GArray *addresses;
  NetnsAddress to;
  NetnsAddress via;
} Record;

static const NetnsWord modes[] = {
  { "a",  1 },
  { "b",  2 },
  { "c",  3 },
  { NULL, 0 },
};

static const NetnsField fields[] = {
  { "name", NETNS_FIELD_TEXT, offsetof (Record, name) },
  { "mode", NETNS_FIELD_UINT32, offsetof (Record, mode), modes },
  { "delay", NETNS_FIELD_UINT32, offsetof (Record, delay) },
  { "port", NETNS_FIELD_UINT16, offsetof (Record, port) },
  { "up", NETNS_FIELD_BOOLEAN, offsetof (Record, up) },
  { "loud", NETNS_FIELD_BOOLEAN, offsetof (Record, loud) },
  { "addresses", NETNS_FIELD_ADDRESSES, offsetof (Record, addresses) },
  { "to", NETNS_FIELD_HOST, offsetof (Record, to) },
  { "via", NETNS_FIELD_HOST, offsetof (Record, via) },
  { NULL },
};

static void
assert_refused (const char *kind, const char *text, const char *message)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (g_variant_new_parsed (text));
  g_autoptr (GError) error = NULL;

  g_assert_false (netns_options_check (table, kind, values, &error));
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
}

static void
assert_good (const char *kind, const char *text)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (g_variant_new_parsed (text));
  g_autoptr (GError) error = NULL;

  netns_options_check (table, kind, values, &error);
  g_assert_no_error (error);
}

static void
test_refused (void)
{
  assert_refused (
    NULL, "{'colour': <'red'>}",
    "Unknown option “colour”; valid options: name, mode, states, delay, port, up, loud, addresses, to, mac, via");
  assert_refused (NULL, "[{'up', <true>}, {'up', <true>}]", "Option “up” is given twice");
  assert_refused (NULL, "{'up': <'yes'>}", "Option “up” must be of type b, not s");
  assert_refused (NULL, "{'delay': <@u 1>}", "Option “delay” must be between 2 and 30 s, not 1");
  assert_refused (NULL, "{'delay': <@u 31>}", "Option “delay” must be between 2 and 30 s, not 31");
  assert_refused (NULL, "{'port': <@q 0>}", "Option “port” must be between 1 and 65535, not 0");
  assert_refused (NULL, "{'mode': <'d'>}", "Invalid value “d” for option “mode”; use a, b or c");
  assert_refused (NULL, "{'mode': <''>}", "Invalid value “” for option “mode”; use a, b or c");
  assert_refused (NULL, "{'states': <['new', 'gone']>}", "Invalid value “gone” for option “states”; use new or old");
  assert_refused (NULL, "{'addresses': <['10.0.0.1/24', '10.0.0.1/33']>}", NULL);
  assert_refused (NULL, "{'to': <'10.0.0.1/24'>}", NULL);
  assert_refused (NULL, "{'to': <''>}", NULL);
  assert_refused (NULL, "{'mac': <'01:00:00:00:00:01'>}", NULL);
}

/* Where the table says so, and nowhere else, an empty text is the same as none. */
static void
test_empty (void)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (g_variant_new_parsed ("{'via': <''>}"));
  g_autoptr (GError) error = NULL;
  Record record = { 0 };

  assert_refused (NULL, "{'via': <'somewhere'>}", NULL);
  g_assert_true (netns_options_read (table, NULL, values, fields, &record, &error));
  g_assert_no_error (error);
  g_assert_cmpint (record.via.family, ==, AF_UNSPEC);
  netns_fields_clear (fields, &record);
}

static void
test_kinds (void)
{
  assert_refused (NULL, "{'id': <@u 5>}", NULL);
  assert_refused ("square", "{'link': <'eth0'>}", NULL);
  assert_refused ("round", "{'link': <'eth0'>, 'id': <@u 5>}", NULL);
  assert_refused ("round", "{'up': <true>}", "Option “link” is required: What it stands on");
  assert_refused ("round", "{'link': <''>}", "Option “link” is required: What it stands on");
  assert_refused ("flat", "{'link': <'eth0'>}", "Option “id” is required: Number of the flat one");
  assert_good ("round", "{'link': <'eth0'>}");
  assert_good ("flat", "{'link': <'eth0'>, 'id': <@u 4094>}");
  assert_good ("square", "{'up': <true>}");
}

static void
test_read (void)
{
  g_autoptr (GVariant) nothing = g_variant_ref_sink (g_variant_new_parsed ("@a{sv} {}"));
  g_autoptr (GVariant) all = g_variant_ref_sink (
    g_variant_new_parsed ("{'name': <'x'>, 'mode': <'c'>, 'delay': <@u 5>, 'port': <@q 81>, 'up': <false>,"
                          " 'loud': <true>, 'addresses': <['10.0.0.1/24']>, 'to': <'fd00::1'>, 'mac': <''>}"));
  Record record = { .loud = -1, .delay = 7 };

  g_assert_true (netns_options_read (table, NULL, nothing, fields, &record, NULL));
  g_assert_cmpstr (record.name, ==, "");
  g_assert_cmpuint (record.mode, ==, 2);
  g_assert_cmpuint (record.delay, ==, 7); /* no default: what was there stays */
  g_assert_cmpuint (record.port, ==, 80);
  g_assert_cmpint (record.up, ==, TRUE);
  g_assert_cmpint (record.loud, ==, -1);
  g_assert_cmpuint (record.addresses->len, ==, 0);
  g_assert_true (netns_options_read (table, NULL, all, fields, &record, NULL));
  g_assert_cmpstr (record.name, ==, "x");
  g_assert_cmpuint (record.mode, ==, 3);
  g_assert_cmpuint (record.delay, ==, 5);
  g_assert_cmpuint (record.port, ==, 81);
  g_assert_cmpint (record.up, ==, FALSE);
  g_assert_cmpint (record.loud, ==, TRUE);
  g_assert_cmpuint (record.addresses->len, ==, 1);
  g_assert_cmpint (record.to.family, ==, AF_INET6);
  netns_fields_clear (fields, &record);
}

/* What the introspection files say agrees with what else there is. */
static void
test_tables (void)
{
  for (const NetnsOptionTable *method = netns_option_tables; method->method != NULL; method++)
    for (const NetnsOptionInfo *option = method->options; option->key != NULL; option++) {
      g_assert_true (g_variant_type_string_is_valid (option->type));
      g_assert_cmpuint (option->min, <=, option->max);
      if (strcmp (option->type, "s") != 0 && option->initial != NULL)
        g_assert_nonnull (g_variant_parse (G_VARIANT_TYPE (option->type), option->initial, NULL, NULL, NULL));
      if (strcmp (method->method, "Firewall.AddRule") == 0 && strcmp (option->key, "protocol") == 0)
        for (gsize i = 0; i < NETNS_N_PROTOCOLS; i++)
          g_assert_true (g_strv_contains (option->words, netns_protocols[i].name));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/options/refused", test_refused);
  g_test_add_func ("/options/kinds", test_kinds);
  g_test_add_func ("/options/empty", test_empty);
  g_test_add_func ("/options/read", test_read);
  g_test_add_func ("/options/tables", test_tables);
  return g_test_run ();
}
