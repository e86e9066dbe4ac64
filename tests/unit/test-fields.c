/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written of a record must make the same record again, in each form. */
#include "common/fields.h"

#include "common/error.h"
#include "common/validate.h"

#include <string.h>

typedef struct {
  gboolean enabled;
  guint8 protocol;
  guint8 small;
  guint16 port;
  guint32 mtu;
  guint64 bits;
  char *text;
  char *maybe;
  char *name;
  char **words;
  guint8 mac[NETNS_MAC_LENGTH];
  NetnsAddress address;
  NetnsAddress host;
  GArray *addresses;
} Record;

static const NetnsWord protocols[] = {
  { "tcp", 6  },
  { "udp", 17 },
  { NULL,  0  }
};

enum { CHANGED_MTU = 1, CHANGED_OTHER = 2 };

static const NetnsField fields[] = {
  { "Enabled", NETNS_FIELD_BOOLEAN, offsetof (Record, enabled), .change = CHANGED_OTHER },
  { "Protocol", NETNS_FIELD_UINT8, offsetof (Record, protocol), protocols, .change = CHANGED_OTHER },
  { "Small", NETNS_FIELD_UINT8, offsetof (Record, small), .change = CHANGED_OTHER },
  { "Port", NETNS_FIELD_UINT16, offsetof (Record, port), .change = CHANGED_OTHER },
  { "Mtu", NETNS_FIELD_UINT32, offsetof (Record, mtu), .change = CHANGED_MTU },
  { "Bits", NETNS_FIELD_UINT64, offsetof (Record, bits), .change = CHANGED_OTHER },
  { "Text", NETNS_FIELD_TEXT, offsetof (Record, text), .change = CHANGED_OTHER },
  { "Maybe", NETNS_FIELD_MAYBE_TEXT, offsetof (Record, maybe), .change = CHANGED_OTHER },
  { "Name", NETNS_FIELD_BYTES, offsetof (Record, name), .change = CHANGED_OTHER },
  { "Words", NETNS_FIELD_TEXTS, offsetof (Record, words), .change = CHANGED_OTHER },
  { "Mac", NETNS_FIELD_MAC, offsetof (Record, mac), .change = CHANGED_OTHER },
  { "Address", NETNS_FIELD_ADDRESS, offsetof (Record, address), .change = CHANGED_OTHER },
  { "Host", NETNS_FIELD_HOST, offsetof (Record, host), .change = CHANGED_OTHER },
  { "Addresses", NETNS_FIELD_ADDRESSES, offsetof (Record, addresses), .change = CHANGED_OTHER },
  { NULL }
};

static const char *const words[] = { "one", "two; three", "", "four\n", NULL };

static void
fill (Record *record)
{
  NetnsAddress subnet;

  *record = (Record) {
    .enabled = TRUE,
    .protocol = 17,
    .small = 200,
    .port = 65535,
    .mtu = G_MAXUINT32,
    .bits = G_MAXUINT64,
    .text = (char *) "a “text” = with\n[lines]",
    .maybe = (char *) "",
    .name = (char *) "\xff\\ \"x\xc3\xa4",
    .words = (char **) words,
    .mac = { 2, 0, 0, 0, 0, 255 },
  };
  g_assert_true (netns_address_parse ("192.0.2.1/24", &record->address, NULL));
  g_assert_true (netns_address_parse_host ("2001:db8::1", &record->host, NULL));
  g_assert_true (netns_address_parse_subnet ("2001:db8::/64", &subnet, NULL));
  record->addresses = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
  g_array_append_val (record->addresses, record->address);
  g_array_append_val (record->addresses, subnet);
}

static void
assert_same (const Record *record, const Record *other)
{
  g_assert_cmpint (record->enabled, ==, other->enabled);
  g_assert_cmpuint (record->protocol, ==, other->protocol);
  g_assert_cmpuint (record->small, ==, other->small);
  g_assert_cmpuint (record->port, ==, other->port);
  g_assert_cmpuint (record->mtu, ==, other->mtu);
  g_assert_cmpuint (record->bits, ==, other->bits);
  g_assert_cmpstr (record->text, ==, other->text);
  g_assert_cmpstr (record->maybe, ==, other->maybe);
  g_assert_cmpstr (record->name, ==, other->name);
  g_assert_cmpstrv (record->words, other->words);
  g_assert_cmpmem (record->mac, sizeof record->mac, other->mac, sizeof other->mac);
  g_assert_true (netns_address_equal (&record->address, &other->address));
  g_assert_true (netns_address_equal (&record->host, &other->host));
  g_assert_cmpuint (record->addresses->len, ==, other->addresses->len);
  for (guint i = 0; i < record->addresses->len; i++)
    g_assert_true (netns_address_equal (&g_array_index (record->addresses, NetnsAddress, i),
                                        &g_array_index (other->addresses, NetnsAddress, i)));
  g_assert_cmpuint (netns_fields_compare (fields, record, other), ==, 0);
}

static void
test_variant (void)
{
  Record record, back = { 0 };
  g_autoptr (GVariant) variant = NULL, parsed = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  fill (&record);
  variant = g_variant_ref_sink (netns_fields_to_variant (fields, &record));
  text = g_variant_print (variant, TRUE);
  parsed = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (netns_fields_from_variant (fields, &back, parsed, &error));
  g_assert_no_error (error);
  assert_same (&record, &back);
  netns_fields_clear (fields, &back);
  g_array_unref (record.addresses);
}

static void
test_key_file (void)
{
  Record record, back = { 0 };
  g_autoptr (GKeyFile) written = g_key_file_new (), read = g_key_file_new ();
  g_autofree char *text = NULL, *address = NULL;
  g_autoptr (GError) error = NULL;

  fill (&record);
  netns_fields_to_key_file (fields, &record, written, "Group");
  text = g_key_file_to_data (written, NULL, NULL);
  g_assert_true (g_key_file_load_from_data (read, text, G_MAXSIZE, G_KEY_FILE_NONE, &error));
  g_assert_true (netns_fields_from_key_file (fields, &back, read, "Group", &error));
  g_assert_no_error (error);
  assert_same (&record, &back);
  /* People read these files. */
  g_assert_true (g_key_file_get_boolean (read, "Group", "Enabled", NULL));
  g_assert_cmpint (g_key_file_get_integer (read, "Group", "Port", NULL), ==, 65535);
  address = g_key_file_get_string (read, "Group", "Host", NULL);
  g_assert_cmpstr (address, ==, "2001:db8::1");
  netns_fields_clear (fields, &back);
  g_array_unref (record.addresses);
}

static void
test_copy (void)
{
  Record record, copy;

  fill (&record);
  copy = record;
  netns_fields_copy (fields, &copy);
  g_assert_true (copy.text != record.text && copy.words != record.words && copy.addresses != record.addresses);
  assert_same (&record, &copy);
  copy.mtu--;
  g_assert_cmpuint (netns_fields_compare (fields, &record, &copy), ==, CHANGED_MTU);
  netns_fields_clear (fields, &copy);
  netns_fields_clear (fields, &copy);
  g_array_unref (record.addresses);
}

/* Lists and texts are there and empty; what may be none is none. */
static void
test_nothing (void)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  Record copied = { 0 }, read = { .mtu = 1500 }, loaded = { .mtu = 1500 };

  netns_fields_copy (fields, &copied);
  g_assert_true (netns_fields_from_variant (fields, &read, variant, NULL));
  g_assert_true (netns_fields_from_key_file (fields, &loaded, key_file, "Group", NULL));
  assert_same (&read, &loaded);
  g_assert_cmpuint (read.mtu, ==, 1500);
  g_assert_cmpstr (copied.text, ==, "");
  g_assert_null (copied.maybe);
  g_assert_null (copied.name);
  g_assert_cmpuint (g_strv_length (copied.words), ==, 0);
  g_assert_cmpuint (copied.addresses->len, ==, 0);
  read.mtu = 0;
  assert_same (&copied, &read);
  netns_fields_clear (fields, &copied);
  netns_fields_clear (fields, &read);
  netns_fields_clear (fields, &loaded);
}

static void
test_refused (void)
{
  static const char *const refused[]
    = { "{'Mtu': <'1500'>}",  "{'Mtu': <uint64 1500>}",        "{'Protocol': <'icmp'>}",   "{'Protocol': <byte 6>}",
        "{'Mac': <'02:00'>}", "{'Address': <'10.0.0.300/8'>}", "{'Host': <'10.0.0.0/8'>}", "{'Addresses': <['x']>}" };

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GVariant) variant = g_variant_parse (G_VARIANT_TYPE_VARDICT, refused[i], NULL, NULL, NULL);
    g_autoptr (GError) error = NULL;
    Record record = { 0 };

    g_assert_false (netns_fields_from_variant (fields, &record, variant, &error));
    g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
    netns_fields_clear (fields, &record);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fields/variant", test_variant);
  g_test_add_func ("/fields/key-file", test_key_file);
  g_test_add_func ("/fields/copy", test_copy);
  g_test_add_func ("/fields/nothing", test_nothing);
  g_test_add_func ("/fields/refused", test_refused);
  return g_test_run ();
}
