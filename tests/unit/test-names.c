/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Object paths must be what sd_bus_path_encode(3) makes, or clients cannot compute them. */
#include "common/names.h"

/* Right column: what sd_bus_path_encode() of systemd 252 answers. */
static const struct {
  const char *name;
  const char *label;
} encoded[] = {
  { "",                 "_"                    },
  { "web",              "web"                  },
  { "1web",             "_31web"               },
  { "w1",               "w1"                   },
  { "00",               "_300"                 },
  { "a.b",              "a_2eb"                },
  { "a_b",              "a_5fb"                },
  { "_",                "_5f"                  },
  { "_host",            "_5fhost"              },
  { "-x",               "_2dx"                 },
  { "a b",              "a_20b"                },
  { "a/b",              "a_2fb"                },
  { "~",                "_7e"                  },
  { "a@b:c+d",          "a_40b_3ac_2bd"        },
  { "W\xc3\xa4"
    "b",             "W_c3_a4b"             },
  { "\xff",             "_ff"                  },
  { "veth-webserver-h", "veth_2dwebserver_2dh" },
};

static void
test_escape (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (encoded); i++) {
    g_autofree char *label = netns_path_escape (encoded[i].name);
    g_autofree char *name = netns_path_unescape (encoded[i].label);

    g_assert_cmpstr (label, ==, encoded[i].label);
    g_assert_cmpstr (name, ==, encoded[i].name);
  }
}

static void
test_every_byte (void)
{
  for (guint first = 1; first < 256; first++) {
    for (guint second = 1; second < 256; second++) {
      const char name[] = { (char) first, (char) second, '\0' };
      g_autofree char *label = netns_path_escape (name);
      g_autofree char *path = g_strconcat (NETNS_PATH_NAMESPACES "/", label, NULL);
      g_autofree char *back = netns_path_unescape (label);

      g_assert_true (g_variant_is_object_path (path));
      g_assert_cmpstr (back, ==, name);
    }
  }
}

/* One object has one path. */
static void
test_not_canonical (void)
{
  static const char *const wrong[]
    = { "", "_61", "_5F", "1web", "a_", "a_5", "_zz", "a-b", "_00", "a_00b", "a.b", "_host", "__", "a_2", "_2" };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree char *name = netns_path_unescape (wrong[i]);

    if (name != NULL)
      g_error ("“%s” was taken for “%s”", wrong[i], name);
  }
}

static void
test_paths (void)
{
  g_autofree char *host = netns_path_for_namespace ("");
  g_autofree char *namespace_path = netns_path_for_namespace ("web-1");
  g_autofree char *host_link = netns_path_for_link ("", 1);
  g_autofree char *link = netns_path_for_link ("web-1", 4294967295u);
  g_autofree char *network = netns_path_for_network ("", "br-internal");
  g_autofree char *network_below = netns_path_for_network ("web-1", "br-internal");
  g_autofree char *network_of_unnamed = netns_path_for_network ("@id7", "lan");
  g_autofree char *nat = netns_path_for_number ("nat", 7);
  g_autofree char *impostor = netns_path_for_namespace ("_host");

  g_assert_cmpstr (host, ==, "/org/example/NetNS1/namespace/_host");
  g_assert_cmpstr (namespace_path, ==, "/org/example/NetNS1/namespace/web_2d1");
  g_assert_cmpstr (host_link, ==, "/org/example/NetNS1/namespace/_host/link/1");
  g_assert_cmpstr (link, ==, "/org/example/NetNS1/namespace/web_2d1/link/4294967295");
  g_assert_cmpstr (network, ==, "/org/example/NetNS1/network/br_2dinternal");
  g_assert_cmpstr (network_below, ==, "/org/example/NetNS1/namespace/web_2d1/network/br_2dinternal");
  g_assert_cmpstr (network_of_unnamed, ==, "/org/example/NetNS1/namespace/_id7/network/lan");
  g_assert_cmpstr (nat, ==, "/org/example/NetNS1/nat/7");
  g_assert_cmpstr (impostor, !=, host);
}

/* The last colon counts: the name of a namespace can have some. */
static void
test_networks (void)
{
  static const struct {
    const char *text;
    const char *namespace_name;
    const char *name;
  } networks[] = {
    { "lan",     "",     "lan" },
    { "web:lan", "web",  "lan" },
    { "a:b:lan", "a:b",  "lan" },
    { "@id5:l",  "@id5", "l"   },
    { "a::lan",  "a:",   "lan" },
    { "a:",      "a",    ""    },
    { "",        "",     ""    },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (networks); i++) {
    g_autofree char *namespace_name = NULL, *text = NULL;
    const char *name = netns_name_split_network (networks[i].text, &namespace_name);

    g_assert_cmpstr (namespace_name, ==, networks[i].namespace_name);
    g_assert_cmpstr (name, ==, networks[i].name);
    text = netns_name_for_network (namespace_name, name);
    g_assert_cmpstr (text, ==, networks[i].text);
  }
}

static void
test_namespace_labels (void)
{
  static const struct {
    const char *name;
    const char *label;
  } labels[] = {
    { "",                        "_host"                     },
    { "web",                     "web"                       },
    { "_host",                   "_5fhost"                   },
    { "@id4026532345",           "_id4026532345"             },
    { "@id1",                    "_id1"                      },
    { "@id0",                    "_40id0"                    },
    { "@id01",                   "_40id01"                   },
    { "@id",                     "_40id"                     },
    { "@idx",                    "_40idx"                    },
    { "@id1x",                   "_40id1x"                   },
    { "@id-1",                   "_40id_2d1"                 },
    { "@id18446744073709551616", "_40id18446744073709551616" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (labels); i++) {
    g_autofree char *path = netns_path_for_namespace (labels[i].name), *name = netns_name_from_label (labels[i].label);
    g_autofree char *label = g_path_get_basename (path);

    g_assert_cmpstr (label, ==, labels[i].label);
    g_assert_cmpstr (name, ==, labels[i].name);
    g_assert_cmpint (netns_name_is_id (labels[i].name), ==, g_str_has_prefix (labels[i].label, "_id"));
  }
}

/* What is no namespace's, and another spelling of one. */
static void
test_no_namespace_labels (void)
{
  static const char *const labels[]
    = { "", "_", "_id", "_id0", "_id01", "_idx", "_id1x", "_id18446744073709551616", "_40id1", "_61", "_ho" };

  for (gsize i = 0; i < G_N_ELEMENTS (labels); i++)
    g_assert_null (netns_name_from_label (labels[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/names/escape", test_escape);
  g_test_add_func ("/names/every-byte", test_every_byte);
  g_test_add_func ("/names/not-canonical", test_not_canonical);
  g_test_add_func ("/names/paths", test_paths);
  g_test_add_func ("/names/networks", test_networks);
  g_test_add_func ("/names/namespace-labels", test_namespace_labels);
  g_test_add_func ("/names/no-namespace-labels", test_no_namespace_labels);
  return g_test_run ();
}
