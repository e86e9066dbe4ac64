/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What netnsctl does by itself: reading the command line, printing, advising. No daemon. */
#include "client/arguments.h"
#include "client/busctl.h"
#include "client/connection.h"
#include "client/failure.h"
#include "client/objects.h"
#include "client/options.h"
#include "client/output.h"
#include "client/route.h"
#include "client/table.h"
#include "client/veth.h"
#include "common/error.h"
#include "common/names.h"

#include <json-glib/json-glib.h>
#include <locale.h>
#include <string.h>

#define ROOT "/org/example/NetNS1"

static const NetnsSettings text = { .legend = TRUE, .ask_password = TRUE };
static const NetnsSettings json = { .format = NETNS_FORMAT_JSON_SHORT, .ask_password = TRUE };

static void
test_veth_end (void)
{
  /* The addresses joined by blanks; NULL for a usage error. */
  static const struct {
    const char *text, *namespace_name, *link, *addresses;
  } ends[] = {
    { "web:eth0",                        "web",   "eth0",  ""                       },
    { "@host:veth0=10.0.0.1/24",         "",      "veth0", "10.0.0.1/24"            },
    { "a:b:c:eth0",                      "a:b:c", "eth0",  ""                       },
    { "a:b:eth0=fd00::1/64,10.0.0.1/24", "a:b",   "eth0",  "fd00::1/64 10.0.0.1/24" },
    { "@web:x=::1/128",                  "@web",  "x",     "::1/128"                },
    { "web",                             NULL,    NULL,    NULL                     },
    { "web:",                            NULL,    NULL,    NULL                     },
    { ":eth0",                           NULL,    NULL,    NULL                     },
    { "",                                NULL,    NULL,    NULL                     },
    { "web=fd00::1/64",                  NULL,    NULL,    NULL                     },
    { "web:eth0=",                       NULL,    NULL,    NULL                     },
    { "web:eth0=10.0.0.1/24,",           NULL,    NULL,    NULL                     },
    { "web:eth0=,10.0.0.1/24",           NULL,    NULL,    NULL                     },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) end = netns_veth_end_parse (ends[i].text, &error);
    g_autofree char *addresses = NULL;
    g_auto (GStrv) list = NULL;
    const char *namespace_name, *link;

    if (ends[i].namespace_name == NULL) {
      g_assert_null (end);
      g_assert_true (error->domain == G_OPTION_ERROR);
      continue;
    }
    g_assert_no_error (error);
    g_variant_get (end, "(&s&s^as)", &namespace_name, &link, &list);
    addresses = g_strjoinv (" ", list);
    g_assert_cmpstr (namespace_name, ==, ends[i].namespace_name);
    g_assert_cmpstr (link, ==, ends[i].link);
    g_assert_cmpstr (addresses, ==, ends[i].addresses);
  }
}

static void
test_route (void)
{
  static const struct {
    const char *words, *route;
  } routes[] = {
    { "default",                                                           "('default', '', @a{sv} {})"                                       },
    { "default via 10.0.0.1",                                              "('default', '10.0.0.1', @a{sv} {})"                               },
    { "10.0.0.0/8 dev eth0 metric 7 via fd00::1",
     "('10.0.0.0/8', 'fd00::1', {'link': <'eth0'>, 'metric': <uint32 7>})"                                                                    },
    { "default via",                                                       NULL                                                               },
    { "default metric -1",                                                 NULL                                                               },
    { "default metric 4294967296",                                         NULL                                                               },
    { "default src",                                                       NULL                                                               },
    { "blackhole 10.0.0.0/8 table 7",                                      "('10.0.0.0/8', '', {'type': <'blackhole'>, 'table': <uint32 7>})" },
    { "10.0.0.0/8 via inet6 fd00::1 dev a onlink src 10.0.0.1 table main",
     "('10.0.0.0/8', 'fd00::1', {'link': <'a'>, 'onlink': <true>, 'source': <'10.0.0.1'>, 'table': <uint32 254>})"                            },
    { "blackhole",                                                         "('blackhole', '', @a{sv} {})"                                     },
    { "default proto static",                                              NULL                                                               },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (routes); i++) {
    g_auto (GStrv) words = g_strsplit (routes[i].words, " ", -1);
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) route = netns_route_parse (words, NULL, &error);
    g_autofree char *printed = route ? g_variant_print (g_variant_ref_sink (route), TRUE) : NULL;

    g_assert_cmpstr (printed, ==, routes[i].route);
    g_assert_true (routes[i].route != NULL || error->domain == G_OPTION_ERROR);
  }
}

static const NetnsOption some_options[] = {
  { "--nat", 0, NULL, "nat", NETNS_OPTION_ON, "" },
  { "--no-gateway", 0, NULL, "gateway", NETNS_OPTION_OFF, "" },
  { "--host", 'H', "HOST", "host", NETNS_OPTION_TEXT, "" },
  { "--subnet", 0, "CIDR", "subnets", NETNS_OPTION_LIST, "" },
  { "--namespace", 0, "NS", "namespace", NETNS_OPTION_NAMESPACE, "" },
  { NULL },
};

static void
test_options (void)
{
  /* What is typed, with and without other options; the values; what is left. */
  static const struct {
    const char *typed;
    gboolean keep_unknown;
    const char *values, *rest;
  } lines[] = {
    { "a b",                         FALSE, "@a{sv} {}",                                "a b"            },
    { "--nat a --no-gateway",        FALSE, "{'nat': <true>, 'gateway': <false>}",      "a"              },
    { "--subnet x --nat --subnet=y", FALSE, "{'nat': <true>, 'subnets': <['x', 'y']>}", ""               },
    { "-H h a",                      FALSE, "{'host': <'h'>}",                          "a"              },
    { "-Hh --host=i",                FALSE, "{'host': <'i'>}",                          ""               },
    { "--host=",                     FALSE, "{'host': <''>}",                           ""               },
    { "--namespace @host",           FALSE, "{'namespace': <''>}",                      ""               },
    { "--namespace=@web",            FALSE, "{'namespace': <'@web'>}",                  ""               },
    { "a - b",                       FALSE, "@a{sv} {}",                                "a - b"          },
    { "a -- --nat -- b",             FALSE, "@a{sv} {}",                                "a --nat -- b"   },
    { "--foo --nat -- --nat",        TRUE,  "{'nat': <true>}",                          "--foo -- --nat" },
    { "--foo",                       FALSE, NULL,                                       NULL             },
    { "--na",                        FALSE, NULL,                                       NULL             },
    { "--natx",                      FALSE, NULL,                                       NULL             },
    { "--nat=1",                     FALSE, NULL,                                       NULL             },
    { "--subnet",                    FALSE, NULL,                                       NULL             },
    { "--namespace=",                FALSE, NULL,                                       NULL             },
    { "--subnet \xff",               FALSE, NULL,                                       NULL             },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_auto (GStrv) arguments = g_strsplit (lines[i].typed, " ", -1);
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) values = netns_options_parse (some_options, lines[i].keep_unknown, NULL, &arguments, &error);
    g_autofree char *printed = values ? g_variant_print (values, TRUE) : NULL;
    g_autofree char *rest = values ? g_strjoinv (" ", arguments) : NULL;

    g_assert_cmpstr (printed, ==, lines[i].values);
    g_assert_cmpstr (rest, ==, lines[i].rest);
    g_assert_true (values != NULL || error->domain == G_OPTION_ERROR);
  }
}

static void
test_arguments (void)
{
  const char *name;
  guint32 number;
  g_autoptr (GError) error = NULL;

  g_assert_true (netns_argument_namespace ("@host", &name, NULL));
  g_assert_cmpstr (name, ==, "");
  g_assert_true (netns_argument_namespace ("@hosts", &name, NULL));
  g_assert_cmpstr (name, ==, "@hosts");
  g_assert_false (netns_argument_namespace ("", &name, &error));
  g_assert_true (error->domain == G_OPTION_ERROR);
  g_assert_cmpstr (netns_argument_for_namespace (""), ==, "@host");

  g_assert_true (netns_argument_number ("mtu", "4294967295", &number, NULL));
  g_assert_cmpuint (number, ==, G_MAXUINT32);
  for (const char *const *wrong = (const char *const[]) { "", "-1", "+1", " 1", "1x", "4294967296", NULL };
       *wrong != NULL; wrong++)
    g_assert_false (netns_argument_number ("mtu", *wrong, &number, NULL));

  g_assert_true (netns_argument_user ("-", TRUE, &number, NULL));
  g_assert_cmpuint (number, ==, NETNS_UID_NOBODY);
  g_assert_true (netns_argument_user ("root", TRUE, &number, NULL));
  g_assert_cmpuint (number, ==, 0);
  g_assert_true (netns_argument_user ("1234567", FALSE, &number, NULL));
  g_assert_cmpuint (number, ==, 1234567);
  g_assert_false (netns_argument_user ("root", FALSE, &number, NULL));
  g_assert_false (netns_argument_user ("no such user", TRUE, &number, NULL));
}

/* The line goes through a real shell and must come out as the words that busctl(1) documents. */
static void
assert_shell_words (const char *arguments, const char *const *expected)
{
  g_autoptr (GVariant) tuple = g_variant_ref_sink (g_variant_parse (NULL, arguments, NULL, NULL, NULL));
  g_autofree char *line = netns_busctl_format (&text, ROOT, NETNS_INTERFACE_MANAGER, "Method", tuple);
  g_autofree char *script = g_strdup_printf ("busctl () { printf '%%s\\n' \"$@\"; }; %s", line);
  const char *argv[] = { "/bin/sh", "-c", script, NULL };
  g_autofree char *output = NULL, *words = g_strjoinv ("\n", (char **) expected);
  g_autofree char *all = NULL;
  const char *dashes = strstr (line, " -- ") ? "--\n" : "";

  g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, NULL, NULL));
  all = g_strdup_printf ("call\n--system\n%sorg.example.NetNS1\n" ROOT "\n" NETNS_INTERFACE_MANAGER "\nMethod\n%s\n",
                         dashes, words);
  g_assert_cmpstr (output, ==, all);
}

#define WORDS(...) ((const char *const[]) { __VA_ARGS__, NULL })

static void
test_busctl (void)
{
  assert_shell_words ("('',)", WORDS ("s", ""));
  assert_shell_words ("('web', @a{sv} {})", WORDS ("sa{sv}", "web", "0"));
  assert_shell_words ("('it\\'s $HOME `x` \"y\" \\\\ ~ * ; é',)", WORDS ("s", "it's $HOME `x` \"y\" \\ ~ * ; é"));
  assert_shell_words ("('-x',)", WORDS ("s", "-x"));
  assert_shell_words ("(true, false, uint32 7, int32 -1, uint64 9)", WORDS ("bbuit", "true", "false", "7", "-1", "9"));
  assert_shell_words ("(objectpath '/a/b',)", WORDS ("o", "/a/b"));
  assert_shell_words ("('', ['10.0.0.0/8', 'fd00::/8'], {'uplink': <'up0'>})",
                      WORDS ("sasa{sv}", "", "2", "10.0.0.0/8", "fd00::/8", "1", "uplink", "s", "up0"));
  assert_shell_words ("({'a': <true>, 'b': <['x', '']>, 'c': <@as []>, 'd': <uint32 5>},)",
                      WORDS ("a{sv}", "4", "a", "b", "true", "b", "as", "2", "x", "", "c", "as", "0", "d", "u", "5"));
  assert_shell_words ("([('10.0.0.1/24', uint32 128)],)", WORDS ("a(su)", "1", "10.0.0.1/24", "128"));
}

static void
test_busctl_settings (void)
{
  const NetnsSettings remote = { .host = "bob@it's" };
  g_autofree char *line = netns_busctl_format (&remote, ROOT, NETNS_INTERFACE_MANAGER, "Reload", NULL);

  g_assert_cmpstr (line, ==,
                   "busctl call --host='bob@it'\\''s' --allow-interactive-authorization=no org.example.NetNS1 " ROOT
                   " org.example.NetNS1.Manager Reload");
}

/* A reader of the JSON gets what was there; a terminal gets nothing that it obeys. */
static void
test_escape_json (void)
{
  static const char hostile[] = "a\xc2\x9b"
                                "31m\u202e\U000e0041\x1b\"é\n";
  const NetnsSettings pretty = { .format = NETNS_FORMAT_JSON_PRETTY };
  const NetnsSettings *formats[] = { &json, &pretty };
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_parsed ("{%s: %s}", hostile, hostile));
  g_autoptr (JsonNode) node = json_gvariant_serialize (value);

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autofree char *shown = netns_output_format_json (formats[i], value);
    g_autoptr (JsonNode) again = json_from_string (shown, NULL);

    for (const char *c = shown; *c != '\0'; c = g_utf8_next_char (c))
      g_assert_true (g_unichar_isprint (g_utf8_get_char (c)) || *c == '\n');
    g_assert_true (json_node_equal (node, again));
  }
}

/* A host with a bridge and a network, and a namespace plugged into it. */
static NetnsObjects *
make_objects (void)
{
  static const char snapshot[]
    = "({objectpath '" ROOT "/namespace/_host': {'org.example.NetNS1.Namespace': {"
      "     'Name': <''>, 'Owner': <uint32 4294967295>, 'NsId': <-1>,"
      "     'Links': <[objectpath '" ROOT "/namespace/_host/link/2', '" ROOT "/namespace/_host/link/10']>}},"
      "  '" ROOT "/namespace/_host/link/10': {'org.example.NetNS1.Link': {"
      "     'Name': <'veth-web-h'>, 'AlternativeNames': <['a-very-long-name-of-a-link']>, 'Mtu': <uint32 "
      "1500>,"
      "     'Master': <objectpath '" ROOT "/namespace/_host/link/2'>},"
      "     'org.example.NetNS1.Veth': {'Peer': <objectpath '" ROOT "/namespace/web/link/2'>}},"
      "  '" ROOT "/namespace/_host/link/2': {'org.example.NetNS1.Link': {"
      "     'Name': <'br\\n0'>, 'AlternativeNames': <@as []>, 'Mtu': <uint32 9000>, 'Master': <objectpath "
      "'/'>}},"
      "  '" ROOT "/namespace/web': {'org.example.NetNS1.Namespace': {"
      "     'Name': <'web'>, 'Owner': <uint32 0>, 'NsId': <3>,"
      "     'RouteData': <[{'destination': <'default'>, 'type': <'unicast'>, 'gateway': <'10.0.0.1'>,"
      "                     'link': <'eth0'>, 'metric': <uint32 5>, 'table': <uint32 254>, 'protocol': <byte 4>},"
      "                    {'destination': <'10.0.0.0/24'>, 'type': <'unicast'>, 'metric': <uint32 0>,"
      "                     'table': <uint32 7>, 'source': <'10.0.0.2'>, 'nexthop-id': <uint32 3>, 'protocol': <byte "
      "99>,"
      "                     'nexthops': <[{'gateway': <'10.0.0.3'>, 'link': <'eth0'>, 'weight': <uint32 1>},"
      "                                   {'link': <'eth1'>, 'weight': <uint32 9>, 'onlink': <true>}]>},"
      "                    {'destination': <'fd00::/64'>, 'type': <'blackhole'>, 'metric': <uint32 1024>,"
      "                     'table': <uint32 254>, 'protocol': <byte 3>}]>,"
      "     'Links': <[objectpath '" ROOT "/namespace/web/link/2']>}},"
      "  '" ROOT "/namespace/web/link/2': {'org.example.NetNS1.Link': {"
      "     'Name': <'eth0'>, 'AlternativeNames': <@as []>, 'Mtu': <uint32 1500>, 'Master': <objectpath '/'>,"
      "     'AddressData': <[{'address': <'10.0.0.2/24'>, 'peer': <'10.0.0.3'>, 'scope': <'global'>,"
      "                       'metric': <uint32 7>, 'flags': <uint32 128>},"
      "                      {'address': <'fd00::2/64'>, 'scope': <'global'>, 'flags': <uint32 0x48>,"
      "                       'valid-until': <uint64 1>}]>},"
      "     'org.example.NetNS1.Veth': {'Peer': <objectpath '" ROOT "/namespace/_host/link/10'>}},"
      "  '" ROOT "/network/br_2d0': {'org.example.NetNS1.Network': {"
      "     'Name': <'br-0'>, 'Bridge': <objectpath '" ROOT "/namespace/_host/link/2'>,"
      "     'Leases': <[('10.0.0.2', objectpath '" ROOT "/namespace/web', 'eth0')]>}},"
      "  '" ROOT "/namespace/web/network/br_2d0': {'org.example.NetNS1.Network': {"
      "     'Name': <'web:br-0'>, 'Namespace': <objectpath '" ROOT "/namespace/web'>}}},)";
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_variant_parse (G_VARIANT_TYPE ("(a{oa{sa{sv}}})"), snapshot, NULL, NULL, &error);

  g_assert_no_error (error);
  return netns_objects_new (reply, TRUE);
}

static void
test_find (void)
{
  g_autoptr (NetnsObjects) objects = make_objects ();
  g_autoptr (GPtrArray) links = netns_objects_list (objects, NETNS_INTERFACE_LINK, TRUE);
  g_autoptr (GPtrArray) networks = netns_objects_list (objects, NETNS_INTERFACE_NETWORK, TRUE);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (netns_objects_find_namespace (objects, "", NULL), ==, ROOT "/namespace/_host");
  g_assert_cmpstr (netns_objects_find_link (objects, "", "veth-web-h", NULL), ==, ROOT "/namespace/_host/link/10");
  g_assert_cmpstr (netns_objects_find_link (objects, "", "a-very-long-name-of-a-link", NULL), ==,
                   ROOT "/namespace/_host/link/10");
  g_assert_cmpstr (netns_objects_find_network (objects, "br-0", NULL), ==, ROOT "/network/br_2d0");
  g_assert_cmpstr (netns_objects_find_network (objects, "web:br-0", NULL), ==, ROOT "/namespace/web/network/br_2d0");
  g_assert_null (netns_objects_find_network (objects, "br-0:web", NULL));
  g_assert_null (netns_objects_find_link (objects, "web", "veth-web-h", &error));
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (netns_objects_find_link (objects, "nope", "eth0", &error));
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND);

  /* The host first, links by number and not by letter. */
  g_assert_cmpuint (links->len, ==, 3);
  g_assert_cmpstr (links->pdata[0], ==, ROOT "/namespace/_host/link/2");
  g_assert_cmpstr (links->pdata[1], ==, ROOT "/namespace/_host/link/10");
  g_assert_cmpstr (links->pdata[2], ==, ROOT "/namespace/web/link/2");
  g_assert_cmpuint (networks->len, ==, 2);
  g_assert_cmpstr (networks->pdata[0], ==, ROOT "/network/br_2d0");
  g_assert_cmpstr (networks->pdata[1], ==, ROOT "/namespace/web/network/br_2d0");
  g_assert_null (netns_objects_user (objects, NETNS_UID_NOBODY));
  g_assert_cmpstr (netns_objects_user (objects, 0), ==, "root");
  g_assert_cmpstr (netns_objects_user (objects, 987654321), ==, "987654321");
}

static const NetnsColumn link_columns[] = {
  { "name", "Name", NETNS_INTERFACE_LINK, "Name" },
  { "mtu", "MTU", NETNS_INTERFACE_LINK, "Mtu" },
  { "master", "Master", NETNS_INTERFACE_LINK, "Master" },
  { "peer", "Peer", NETNS_INTERFACE_VETH, "Peer" },
  { "addresses", "Addresses", NETNS_INTERFACE_LINK, "AddressData" },
  { NULL },
};

static void
test_list (void)
{
  g_autoptr (NetnsObjects) objects = make_objects ();
  g_autoptr (NetnsTable) table = netns_table_new (link_columns);
  g_autoptr (GPtrArray) links = netns_objects_list (objects, NETNS_INTERFACE_LINK, TRUE);
  NetnsSettings bare = text;
  g_autofree char *aligned = NULL, *without_legend = NULL, *array = NULL;

  for (guint i = 0; i < links->len; i++)
    netns_table_add_properties (table, objects, links->pdata[i]);
  aligned = netns_table_format_list (table, &text);
  g_assert_cmpstr (aligned, ==,
                   "NAME         MTU  MASTER     PEER              ADDRESSES\n"
                   "br\\u000a0   9000  -          -                 -\n"
                   "veth-web-h  1500  br\\u000a0  web:eth0          -\n"
                   "eth0        1500  -          @host:veth-web-h  10.0.0.2/24 peer 10.0.0.3 fd00::2/64(duplicate)\n");
  bare.legend = FALSE;
  without_legend = netns_table_format_list (table, &bare);
  g_assert_cmpstr (without_legend, ==, strchr (aligned, '\n') + 1);
  array = netns_table_format_list (table, &json);
  g_assert_cmpstr (array, ==,
                   "[{\"name\":\"br\\n0\",\"mtu\":9000,\"master\":null,\"peer\":null,\"addresses\":null},"
                   "{\"name\":\"veth-web-h\",\"mtu\":1500,\"master\":\"br\\n0\","
                   "\"peer\":{\"namespace\":\"web\",\"link\":\"eth0\"},\"addresses\":null},"
                   "{\"name\":\"eth0\",\"mtu\":1500,\"master\":null,\"peer\":{\"namespace\":\"@host\","
                   "\"link\":\"veth-web-h\"},"
                   "\"addresses\":[{\"address\":\"10.0.0.2/24\",\"peer\":\"10.0.0.3\",\"broadcast\":null,"
                   "\"label\":null,\"scope\":\"global\",\"metric\":7,\"state\":\"valid\",\"permanent\":true,"
                   "\"valid-lifetime\":null,\"preferred-lifetime\":null},"
                   "{\"address\":\"fd00::2/64\",\"peer\":null,\"broadcast\":null,\"label\":null,"
                   "\"scope\":\"global\",\"metric\":null,\"state\":\"duplicate\",\"permanent\":false,"
                   "\"valid-lifetime\":0,\"preferred-lifetime\":null}]}]\n");
}

static void
test_empty_list (void)
{
  g_autoptr (NetnsTable) table = netns_table_new (link_columns);
  g_autofree char *aligned = netns_table_format_list (table, &text);
  g_autofree char *array = netns_table_format_list (table, &json);

  g_assert_cmpstr (aligned, ==, "NAME  MTU  MASTER  PEER  ADDRESSES\n");
  g_assert_cmpstr (array, ==, "[]\n");
}

static void
test_details (void)
{
  static const NetnsColumn columns[] = {
    { "name", "Name", NULL, NULL },
    { "owner", "Owner", NETNS_INTERFACE_NAMESPACE, "Owner" },
    { "nsid", "NSID", NETNS_INTERFACE_NAMESPACE, "NsId" },
    { "links", "Links", NETNS_INTERFACE_NAMESPACE, "Links" },
    { "routes", "Routes", NETNS_INTERFACE_NAMESPACE, "RouteData" },
    { "stp", "Spanning tree", NETNS_INTERFACE_BRIDGE, "Stp" },
    { NULL },
  };
  g_autoptr (NetnsObjects) objects = make_objects ();
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autofree char *labelled = NULL, *object = NULL;

  netns_table_add_value (table, netns_value_new_text ("wéb"));
  netns_table_add_properties (table, objects, ROOT "/namespace/web");
  labelled = netns_table_format_details (table, &text);
  /* Without the interface no line for people, but the key for programs. */
  g_assert_cmpstr (labelled, ==,
                   "  Name: wéb\n"
                   " Owner: root\n"
                   "  NSID: 3\n"
                   " Links: eth0\n"
                   "Routes: default via 10.0.0.1 dev eth0 metric 5\n"
                   "        10.0.0.0/24 nhid 3 nexthop via 10.0.0.3 dev eth0 weight 1 nexthop dev eth1 onlink weight 9"
                   " table 7 src 10.0.0.2\n"
                   "        blackhole fd00::/64 metric 1024\n");
  object = netns_table_format_details (table, &json);
  g_assert_cmpstr (object, ==,
                   "{\"name\":\"wéb\",\"owner\":\"root\",\"nsid\":3,\"links\":[\"eth0\"],\"routes\":["
                   "{\"type\":\"unicast\",\"destination\":\"default\",\"source\":null,\"gateway\":\"10.0.0.1\","
                   "\"link\":\"eth0\",\"onlink\":false,\"nexthops\":null,\"nexthop-id\":null,\"metric\":5,"
                   "\"table\":254,\"protocol\":\"static\"},"
                   "{\"type\":\"unicast\",\"destination\":\"10.0.0.0/24\",\"source\":\"10.0.0.2\",\"gateway\":null,"
                   "\"link\":null,\"onlink\":false,\"nexthops\":[{\"gateway\":\"10.0.0.3\",\"link\":\"eth0\","
                   "\"onlink\":false,\"weight\":1},{\"gateway\":null,\"link\":\"eth1\",\"onlink\":true,\"weight\":9}],"
                   "\"nexthop-id\":3,\"metric\":0,\"table\":7,\"protocol\":\"99\"},"
                   "{\"type\":\"blackhole\",\"destination\":\"fd00::/64\",\"source\":null,\"gateway\":null,"
                   "\"link\":null,\"onlink\":false,\"nexthops\":null,\"nexthop-id\":null,\"metric\":1024,"
                   "\"table\":254,\"protocol\":\"boot\"}],"
                   "\"stp\":null}\n");
}

static void
test_wide_characters (void)
{
  static const NetnsColumn columns[] = {
    { "a", "A", NULL, NULL },
    { "b", "B", NULL, NULL },
    { NULL }
  };
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autofree char *aligned = NULL;

  netns_table_add_value (table, netns_value_new_text ("漢字"));
  netns_table_add_value (table, netns_value_new_text ("x"));
  netns_table_add_value (table, netns_value_new_text ("é"));
  netns_table_add_value (table, netns_value_new_text ("y"));
  aligned = netns_table_format_list (table, &text);
  g_assert_cmpstr (aligned, ==, "A     B\n漢字  x\né     y\n");
}

static void
test_key (void)
{
  static const char *const pairs[][2] = {
    { "Name",        "name"        },
    { "MacAddress",  "mac-address" },
    { "NsId",        "ns-id"       },
    { "Forwarding4", "forwarding4" }
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autofree char *key = netns_value_key (pairs[i][0]);

    g_assert_cmpstr (key, ==, pairs[i][1]);
  }
}

static void
test_failures (void)
{
  static const struct {
    const char *name, *method;
    NetnsExit status;
    const char *line;
  } failures[] = {
    { "org.example.NetNS1.Error.Exists",                             "CreateNamespace", NETNS_EXIT_FAILED,
     "It is so; choose another name, or delete that one first"                                                                                           },
    { "org.example.NetNS1.Error.Exists",                             "AddAddress",      NETNS_EXIT_FAILED,         "It is so"                            },
    { "org.example.NetNS1.Error.Exists",                             NULL,              NETNS_EXIT_FAILED,
     "It is so; choose another name, or delete that one first"                                                                                           },
    { "org.example.NetNS1.Error.NotFound",                           "RemoveRoute",     NETNS_EXIT_FAILED,         "It is so; see “netnsctl route list”" },
    { "org.example.NetNS1.Error.AuthorizationDismissed",             NULL,              NETNS_EXIT_NOT_AUTHORIZED,
     "It is so; try again and authenticate"                                                                                                              },
    { "org.freedesktop.DBus.Error.AccessDenied",                     NULL,              NETNS_EXIT_NOT_AUTHORIZED,
     "It is so; become root, or ask an administrator for permission"                                                                                     },
    { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", NULL,              NETNS_EXIT_NOT_AUTHORIZED,
     "A password is needed; try again in a terminal without --no-ask-password, or become root"                                                           },
    { "org.freedesktop.DBus.Error.ServiceUnknown",                   NULL,              NETNS_EXIT_UNREACHABLE,
     "The service netnsd is not running; start it with “systemctl start netnsd”"                                                                         },
    { "org.freedesktop.DBus.Error.NameHasNoOwner",                   NULL,              NETNS_EXIT_UNREACHABLE,
     "The service netnsd is not running; start it with “systemctl start netnsd”"                                                                         },
    { "org.freedesktop.DBus.Error.Spawn.ChildExited",                NULL,              NETNS_EXIT_UNREACHABLE,
     "It is so; see “systemctl status netnsd” for the reason"                                                                                            },
    { "org.freedesktop.DBus.Error.NoReply",                          NULL,              NETNS_EXIT_UNREACHABLE,
     "The service netnsd ended without a reply; see “journalctl -u netnsd” for the reason"                                                               },
    { "org.example.NetNS1.Error.FromTheFuture",                      NULL,              NETNS_EXIT_FAILED,         "It is so"                            },
    { "org.example.NetNS1.Error.FromTheFuture",                      "Connect",         NETNS_EXIT_FAILED,         "It is so"                            },
    { "org.example.NetNS1.Error.KernelRefused",                      "Connect",         NETNS_EXIT_FAILED,         "It is so"                            },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++) {
    g_autoptr (GError) error = g_dbus_error_new_for_dbus_error (failures[i].name, "It is so.");
    NetnsExit status;
    g_autofree char *line = netns_failure_describe (error, failures[i].method, &status);

    g_assert_cmpstr (line, ==, failures[i].line);
    g_assert_cmpint (status, ==, failures[i].status);
  }
}

static void
assert_line (const char *name, const char *method, const char *message, const char *expected)
{
  g_autofree char *full_name = g_strconcat (NETNS_ERROR_PREFIX, name, NULL);
  g_autoptr (GError) error = g_dbus_error_new_for_dbus_error (full_name, message);
  NetnsExit status;
  g_autofree char *line = netns_failure_describe (error, method, &status);

  g_assert_cmpstr (line, ==, expected);
}

static void
test_advice_enough (void)
{
  g_autoptr (GError) error = g_dbus_error_new_for_dbus_error ("org.example.NetNS1.Error.InvalidArgument",
                                                              "No subnet; did you mean 10.0.0.0/8?");
  NetnsExit status;
  g_autofree char *line = netns_failure_describe (error, NULL, &status);

  g_assert_cmpstr (line, ==, "No subnet; did you mean 10.0.0.0/8?");
  g_assert_cmpint (status, ==, NETNS_EXIT_FAILED);
  assert_line ("InvalidArgument", NULL, "Invalid policy “x”; use accept or drop",
               "Invalid policy “x”; use accept or drop");
  assert_line ("InvalidArgument", NULL, "Empty command", "Empty command; see netnsctl(1)");
  assert_line ("Busy", NULL, "Network “lan” is in use, disconnect first: web",
               "Network “lan” is in use, disconnect first: web");
  assert_line ("Busy", NULL, "It is in use", "It is in use; stop or detach what uses it, then try again");
  assert_line ("PortInUse", NULL, "Port 80 is already used; choose another one",
               "Port 80 is already used; choose another one");
  assert_line ("QuotaExceeded", NULL, "User 7 has 9 links, the limit is 9; delete some first",
               "User 7 has 9 links, the limit is 9; delete some first");
  assert_line ("TooLarge", "ListRules", "It is too large",
               "It is too large; as root, use “ip netns exec NS nft list ruleset”");
  assert_line ("NotFound", "RemoveRule", "There is none", "There is none; see “netnsctl firewall NS show”");
  assert_line ("NotFound", "AdoptProcess", "There is no process 7", "There is no process 7");
  assert_line ("Busy", "namespace delete", "It is in use; or use option “kill”",
               "It is in use; or use option “kill” (netnsctl: --kill)");
}

/* Each error that the service has leads to advice, but for what the kernel says, about which nothing more is known. */
static void
test_every_error (void)
{
  static const char *const not_authorized[]
    = { "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
        NETNS_ERROR_PREFIX "AuthorizationDismissed", NULL };

  for (int code = 0; code < NETNS_N_ERRORS; code++) {
    g_autoptr (GError) error = g_error_new_literal (NETNS_ERROR, code, "It is so");
    gboolean refused = g_strv_contains (not_authorized, netns_error_name (error));
    NetnsExit status;
    g_autofree char *line = netns_failure_describe (error, NULL, &status);

    if (code == NETNS_ERROR_KERNEL_REFUSED)
      g_assert_cmpstr (line, ==, "It is so");
    else
      g_assert_nonnull (strstr (line, "; "));
    if (code == NETNS_ERROR_COMMAND_NOT_FOUND)
      g_assert_cmpint (status, ==, NETNS_EXIT_NOT_FOUND);
    else if (code == NETNS_ERROR_COMMAND_NOT_EXECUTABLE)
      g_assert_cmpint (status, ==, NETNS_EXIT_NOT_EXECUTABLE);
    else
      g_assert_true (status == (refused ? NETNS_EXIT_NOT_AUTHORIZED : NETNS_EXIT_FAILED));
  }
}

static void
test_local_failures (void)
{
  g_autoptr (GError) usage = g_error_new_literal (G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "say NS LINK...");
  g_autoptr (GError) closed = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "The connection is closed");
  g_autoptr (GError) no_bus = g_error_new_literal (NETNS_UNREACHABLE, 0, "No bus");
  NetnsExit status;
  g_autofree char *usage_line = netns_failure_describe (usage, NULL, &status);

  g_assert_cmpstr (usage_line, ==, "say NS LINK...");
  g_assert_cmpint (status, ==, NETNS_EXIT_USAGE);
  g_free (netns_failure_describe (closed, "GetLink", &status));
  g_assert_cmpint (status, ==, NETNS_EXIT_UNREACHABLE);
  g_free (netns_failure_describe (no_bus, NULL, &status));
  g_assert_cmpint (status, ==, NETNS_EXIT_UNREACHABLE);
}

int
main (int argc, char **argv)
{
  /* Alignment is by characters, which takes a charset that has them. */
  setlocale (LC_ALL, "C.UTF-8");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/client/veth-end", test_veth_end);
  g_test_add_func ("/client/route", test_route);
  g_test_add_func ("/client/options", test_options);
  g_test_add_func ("/client/arguments", test_arguments);
  g_test_add_func ("/client/busctl", test_busctl);
  g_test_add_func ("/client/busctl-settings", test_busctl_settings);
  g_test_add_func ("/client/escape-json", test_escape_json);
  g_test_add_func ("/client/find", test_find);
  g_test_add_func ("/client/list", test_list);
  g_test_add_func ("/client/empty-list", test_empty_list);
  g_test_add_func ("/client/details", test_details);
  g_test_add_func ("/client/wide-characters", test_wide_characters);
  g_test_add_func ("/client/key", test_key);
  g_test_add_func ("/client/failures", test_failures);
  g_test_add_func ("/client/advice-enough", test_advice_enough);
  g_test_add_func ("/client/every-error", test_every_error);
  g_test_add_func ("/client/local-failures", test_local_failures);
  return g_test_run ();
}
