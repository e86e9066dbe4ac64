/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which polkit actions a call needs, from what its plan reaches; and what dialogs show of it. */
#include "bus/call/actions.h"

#include "common/names.h"

#include <string.h>

#define ANNOTATION(name, value) "<annotation name='" NETNS_INTERFACE_PREFIX name "' value='" value "'/>"

/* clang-format off */
static const char xml[]
  = "<node><interface name='a.b'>"
    "<method name='Plain'>"
      ANNOTATION ("Action", "own")
    "</method>"
    "<method name='Full'>"
      ANNOTATION ("Action", "own")
      ANNOTATION ("ActionForeign", "foreign")
      ANNOTATION ("ActionHost", "host")
      ANNOTATION ("ActionNat", "nat")
      ANNOTATION ("ActionRaw", "raw")
      ANNOTATION ("Message", "Authentication is required to set the MTU of $(link) ($(place))")
    "</method>"
    "<method name='Look'>"
      ANNOTATION ("Action", "public")
      ANNOTATION ("ActionForeign", "foreign")
    "</method>"
    "</interface></node>";
/* clang-format on */

static GDBusMethodInfo *
find_method (GDBusNodeInfo **node, const char *name)
{
  *node = g_dbus_node_info_new_for_xml (xml, NULL);
  return g_dbus_interface_info_lookup_method ((*node)->interfaces[0], name);
}

static void
test_list (void)
{
  static const struct {
    const char *method;
    NetnsAuthScope scope;
    const char *actions;
  } rows[] = {
    { "Plain", 0,                                                 "own"          },
    { "Plain", NETNS_AUTH_SCOPE_OWN,                              "own"          },
    { "Plain", NETNS_AUTH_SCOPE_FOREIGN | NETNS_AUTH_SCOPE_HOST,  "own"          },
    { "Full",  0,                                                 "own"          },
    { "Full",  NETNS_AUTH_SCOPE_OWN,                              "own"          },
    { "Full",  NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_FOREIGN,   "foreign"      },
    { "Full",  NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_HOST,      "host"         },
    { "Full",  NETNS_AUTH_SCOPE_HOST | NETNS_AUTH_SCOPE_FOREIGN,  "host,foreign" },
    { "Full",  NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_NAT,       "nat"          },
    { "Full",  NETNS_AUTH_SCOPE_HOST | NETNS_AUTH_SCOPE_NAT,      "nat"          },
    { "Full",  NETNS_AUTH_SCOPE_HOST_LINK | NETNS_AUTH_SCOPE_NAT, "nat,host"     },
    { "Full",  NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_HOST_LINK, "host,own"     },
    { "Full",  NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_RAW,       "raw"          },
    { "Look",  NETNS_AUTH_SCOPE_OWN,                              "public"       },
    { "Look",  NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_FOREIGN,   "foreign"      },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GDBusNodeInfo) node = NULL;
    g_autoptr (GPtrArray) actions = netns_actions_list (find_method (&node, rows[i].method), rows[i].scope);
    g_autofree char *text = NULL;

    g_assert_cmpint (netns_actions_are_public (actions), ==, strcmp (rows[i].actions, "public") == 0);
    g_ptr_array_add (actions, NULL);
    text = g_strjoinv (",", (char **) actions->pdata);
    g_assert_cmpstr (text, ==, rows[i].actions);
  }
}

/* A method that tells its reaches apart and has no action for one is a defect: nothing allows it. */
static void
test_none (void)
{
  g_autoptr (GDBusNodeInfo) node = NULL;
  GDBusMethodInfo *method = find_method (&node, "Full");
  g_autoptr (GPtrArray) actions = NULL;

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*no polkit action*");
  actions = netns_actions_list (method, NETNS_AUTH_SCOPE_PUBLIC);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (actions->len, ==, 0);
}

static void
assert_detail (GHashTable *details, const char *key, const char *value)
{
  g_assert_cmpstr (g_hash_table_lookup (details, key), ==, value);
}

static void
test_details (void)
{
  g_autoptr (GDBusNodeInfo) node = NULL;
  g_autoptr (GHashTable) details = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  g_hash_table_insert (details, g_strdup ("link"), g_strdup ("eth0"));
  g_hash_table_insert (details, g_strdup ("namespace"), g_strdup ("web"));
  netns_actions_complete_details (find_method (&node, "Full"), NETNS_AUTH_SCOPE_FOREIGN, details);
  assert_detail (details, "verb", "Full");
  assert_detail (details, "change", "set the MTU of eth0");
  assert_detail (details, "link", "eth0");
  assert_detail (details, "owner", "");
  assert_detail (details, "command", "");
  assert_detail (details, "place", "web");
}

/* Only actions that many methods have take the method's message. */
static void
test_message (void)
{
  g_autoptr (GDBusNodeInfo) node = NULL;
  const GDBusMethodInfo *method = find_method (&node, "Full");

  g_assert_cmpstr (netns_actions_get_message (method, NETNS_INTERFACE_PREFIX "configure-own"), ==,
                   "Authentication is required to set the MTU of $(link) ($(place))");
  g_assert_null (netns_actions_get_message (method, NETNS_INTERFACE_PREFIX "run"));
}

static NetnsPlan *
make_plan (NetnsAuthScope scope, const char *link, const char *subnet)
{
  NetnsPlan *plan = netns_plan_new ();

  netns_plan_add_auth_scope (plan, scope);
  netns_plan_set_detail (plan, "link", link);
  netns_plan_set_detail (plan, "subnet", subnet);
  return plan;
}

/* After a dialog: another link is another thing, another subnet may be the service's choice, and less is allowed. */
static void
test_cover (void)
{
  g_autoptr (NetnsPlan) asked = make_plan (NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_NAT, "eth0", "10.89.0.0/24");
  g_autoptr (NetnsPlan) same = make_plan (NETNS_AUTH_SCOPE_OWN, "eth0", "10.89.1.0/24");
  g_autoptr (NetnsPlan) other = make_plan (NETNS_AUTH_SCOPE_OWN, "eth1", "10.89.0.0/24");
  g_autoptr (NetnsPlan) more = make_plan (NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_HOST, "eth0", "10.89.0.0/24");

  g_assert_true (netns_actions_cover (asked, asked));
  g_assert_true (netns_actions_cover (asked, same));
  g_assert_false (netns_actions_cover (asked, other));
  g_assert_false (netns_actions_cover (asked, more));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/actions/list", test_list);
  g_test_add_func ("/actions/none", test_none);
  g_test_add_func ("/actions/details", test_details);
  g_test_add_func ("/actions/message", test_message);
  g_test_add_func ("/actions/cover", test_cover);
  return g_test_run ();
}
