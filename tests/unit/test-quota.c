/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much a user can make. */
#include "common/error.h"
#include "core/service/quota.h"
#include "fake-service.h"

#include <string.h>

#define USER 1000

static void
assert_quota (guint uid, guint namespaces, guint links, gboolean can)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (netns_core_check_quota (fake_core (), uid, namespaces, links, &error), ==, can);
  if (can)
    g_assert_no_error (error);
  else
    g_assert_error (error, NETNS_ERROR, NETNS_ERROR_QUOTA_EXCEEDED);
}

static void
add_namespaces (guint owner, guint count, guint links)
{
  for (guint i = 0; i < count; i++) {
    g_autofree char *name = g_strdup_printf ("%u-%u", owner, i);
    NetnsNamespace *namespace = fake_namespace (name, owner);

    for (guint j = 1; j <= links; j++)
      fake_link (namespace, j, "", "dummy");
  }
}

static void
test_namespaces (void)
{
  g_autoptr (GError) error = NULL;

  fake_clear ();
  assert_quota (USER, 250, 0, TRUE);
  assert_quota (USER, 251, 0, FALSE);
  add_namespaces (USER, 249, 1);
  add_namespaces (USER + 1, 250, 1);
  assert_quota (USER, 1, 1, TRUE);
  assert_quota (USER, 2, 1, FALSE);
  assert_quota (USER + 1, 1, 1, FALSE);
  /* Who has all namespaces that go can still have links. */
  assert_quota (USER + 1, 0, 1, TRUE);
  assert_quota (0, 10000, 100000, TRUE);
  g_assert_false (netns_core_check_quota (fake_core (), USER + 1, 1, 0, &error));
  g_assert_nonnull (strstr (error->message, "250 namespaces"));
  /* One that was deleted counts until it has ended. */
  fake_lingering_owner = USER;
  assert_quota (USER, 1, 0, FALSE);
  fake_lingering_owner = USER + 2;
  assert_quota (USER, 1, 0, TRUE);
}

static void
test_links (void)
{
  fake_clear ();
  /* The host's are nobody's. */
  for (guint i = 1; i <= 6000; i++)
    fake_link (netns_mirror_get_namespace (fake_mirror (), ""), i, "", "veth");
  add_namespaces (USER, 2, 2499);
  assert_quota (USER, 0, 2, TRUE);
  assert_quota (USER, 1, 2, TRUE);
  assert_quota (USER, 0, 3, FALSE);
  assert_quota (USER, 1, 3, FALSE);
  /* What makes no links is not refused for links. */
  add_namespaces (USER + 1, 2, 2501);
  assert_quota (USER + 1, 1, 0, TRUE);
  assert_quota (USER + 1, 0, 1, FALSE);
}

/* Definitions of @class, numbered from @first on. */
static void
add_definitions (const NetnsDefinitionClass *class, guint first, guint count, guint owner, guint rules)
{
  for (guint i = first; i < first + count; i++) {
    g_autofree char *name = g_strdup_printf ("%u", i);
    NetnsDefinition *definition = netns_definition_new (class, name, "", 0, owner);

    if (class == &netns_firewall_class)
      ((NetnsFirewall *) definition)->rules = netns_firewall_rules_new ();
    for (guint j = 0; j < rules; j++)
      g_ptr_array_add (((NetnsFirewall *) definition)->rules, g_variant_ref_sink (g_variant_new ("a{sv}", NULL)));
    g_hash_table_replace (netns_core_get_definitions (fake_core (), class), definition->name, definition);
  }
}

static void
assert_room (gboolean (*check) (GError **error), const char *text)
{
  g_autoptr (GError) error = NULL;
  gboolean can = check (&error);

  g_assert_cmpint (can, ==, text == NULL);
  if (can)
    return;
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_QUOTA_EXCEEDED);
  g_assert_nonnull (strstr (error->message, text));
}

static guint asking = USER;

static gboolean
check_networks (GError **error)
{
  return netns_core_check_definitions (fake_core (), asking, &netns_network_class, error);
}

static gboolean
check_nats (GError **error)
{
  return netns_core_check_definitions (fake_core (), asking, &netns_nat_class, error);
}

static gboolean
check_rules (GError **error)
{
  return netns_core_check_rules (fake_core (), asking, error);
}

static void
test_definitions (void)
{
  fake_clear ();
  add_definitions (&netns_network_class, 1, 99, USER, 0);
  add_definitions (&netns_network_class, 1000, 300, USER + 1, 0);
  assert_room (check_networks, NULL);
  add_definitions (&netns_network_class, 100, 1, USER, 0);
  assert_room (check_networks, "100 networks");
  /* Each kind for itself. */
  assert_room (check_nats, NULL);
  add_definitions (&netns_nat_class, 1, 250, USER, 0);
  assert_room (check_nats, "250 NATs");
  asking = 0;
  assert_room (check_networks, NULL);
  assert_room (check_nats, NULL);
  asking = USER;
}

static void
test_rules (void)
{
  fake_clear ();
  add_definitions (&netns_firewall_class, 1, 9, USER, 500);
  add_definitions (&netns_firewall_class, 20, 1, USER, 499);
  add_definitions (&netns_firewall_class, 30, 20, USER + 1, 500);
  assert_room (check_rules, NULL);
  add_definitions (&netns_firewall_class, 21, 1, USER, 1);
  assert_room (check_rules, "5000 firewall rules");
  asking = 0;
  assert_room (check_rules, NULL);
  asking = USER;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quota/namespaces", test_namespaces);
  g_test_add_func ("/quota/links", test_links);
  g_test_add_func ("/quota/definitions", test_definitions);
  g_test_add_func ("/quota/rules", test_rules);
  return g_test_run ();
}
