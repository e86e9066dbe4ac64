/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of a property: nothing of what is as before, and of a list what came and what went. */
#include "bus/tree/announced.h"

#define PATH "/object"

typedef struct {
  const char *before;
  const char *now;
  const char *removed;
  const char *added;
} Change;

/* Arrays of entries of any length, those that sit at unaligned places among them. */
static const Change changes[] = {
  { "@as []",                           "['a', 'b']",                       "",                    "'a' 'b'"  },
  { "['a', 'b']",                       "@as []",                           "'a' 'b'",             ""         },
  { "['a', 'b', 'c']",                  "['a', 'c', 'dd']",                 "'b'",                 "'dd'"     },
  { "['a', 'b']",                       "['b', 'a']",                       "",                    ""         },
  { "['a', 'b', 'a']",                  "['a']",                            "'b' 'a'",             ""         },
  { "['a']",                            "['a', 'a', 'b']",                  "",                    "'a' 'b'"  },
  { "[('1', objectpath '/a', 'eth0')]", "[('1', objectpath '/a', 'eth1')]", "('1', '/a', 'eth0')",
   "('1', '/a', 'eth1')"                                                                                      },
  { "[('12', uint64 5), ('123', 6)]",   "[('123', uint64 6), ('1', 5)]",    "('12', 5)",           "('1', 5)" },
};

static void
assert_entries (GPtrArray *entries, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < entries->len; i++) {
    g_autofree char *entry = g_variant_print (g_ptr_array_index (entries, i), FALSE);

    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", entry);
  }
  g_assert_cmpstr (text->str, ==, expected);
  g_ptr_array_unref (entries);
}

static void
test_changes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_autoptr (NetnsAnnounced) announced = netns_announced_new ();
    g_autoptr (GVariant) before = g_variant_ref_sink (g_variant_new_parsed (changes[i].before));
    g_autoptr (GVariant) now = g_variant_ref_sink (g_variant_new_parsed (changes[i].now));
    g_autoptr (GVariant) first = NULL, known = NULL;

    g_assert_true (netns_announced_take (announced, PATH, "List", before, &first));
    g_assert_null (first);
    g_assert_false (netns_announced_take (announced, PATH, "List", before, NULL));
    g_assert_true (netns_announced_take (announced, PATH, "List", now, &known));
    assert_entries (netns_announced_list_missing (known, now), changes[i].removed);
    assert_entries (netns_announced_list_missing (now, known), changes[i].added);
  }
}

/* A list that is new has what it has; one that is gone has nothing. */
static void
test_nothing (void)
{
  g_autoptr (GVariant) list = g_variant_ref_sink (g_variant_new_parsed ("['a']"));

  assert_entries (netns_announced_list_missing (list, NULL), "'a'");
  assert_entries (netns_announced_list_missing (NULL, list), "");
}

/* What an object was said to be goes with it, and with no other whose path begins in the same way. */
static void
test_forget (void)
{
  g_autoptr (NetnsAnnounced) announced = netns_announced_new ();
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_boolean (TRUE));

  g_assert_false (netns_announced_forget (announced, PATH));
  for (guint i = 0; i < 2; i++)
    g_assert_true (netns_announced_take (announced, i == 0 ? PATH : PATH "2", "Nat", value, NULL));
  g_assert_true (netns_announced_forget (announced, PATH));
  g_assert_true (netns_announced_take (announced, PATH, "Nat", value, NULL));
  g_assert_false (netns_announced_take (announced, PATH "2", "Nat", value, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/announced/changes", test_changes);
  g_test_add_func ("/announced/nothing", test_nothing);
  g_test_add_func ("/announced/forget", test_forget);
  return g_test_run ();
}
