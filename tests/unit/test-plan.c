/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps happen in order, all of them or none; of operations that change nothing but this test's log. */
#include "common/error.h"
#include "core/plan/plan.h"
#include "core/plan/run.h"
#include "fake-service.h"

#include <string.h>
#include <sys/socket.h>

typedef struct {
  const char *name;
  gboolean fails;
  gboolean stays; /* cannot be undone */
} Act;

typedef struct {
  guint32 number;
} Kept;

static const NetnsField act_fields[] = {
  { "name", NETNS_FIELD_TEXT, offsetof (Act, name) },
  { "fails", NETNS_FIELD_BOOLEAN, offsetof (Act, fails) },
  { "stays", NETNS_FIELD_BOOLEAN, offsetof (Act, stays) },
  { NULL }
};
static const NetnsField kept_fields[] = {
  { "number", NETNS_FIELD_UINT32, offsetof (Kept, number) },
  { NULL }
};

static GString *events;
static guint32 count;

static void note (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
note (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (events->len > 0)
    g_string_append_c (events, ' ');
  g_string_append_vprintf (events, format, arguments);
  va_end (arguments);
}

static gboolean
act (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Act *parameter = step->parameter;
  Kept *kept = step->kept;

  note ("%s", parameter->name);
  kept->number = ++count;
  netns_run_set_result (run, g_variant_new_uint32 (count));
  if (!parameter->fails)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "%s failed", parameter->name);
  return FALSE;
}

static gboolean
act_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Act *parameter = step->parameter;
  const Kept *kept = step->kept;

  note ("-%s%u", parameter->name, kept->number);
  if (!parameter->stays)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY, "%s stays", parameter->name);
  return FALSE;
}

#define OPERATION                                                                                                      \
  .name = "act", .execute = act, .parameter = NETNS_RECORD (Act, act_fields), .kept = NETNS_RECORD (Kept, kept_fields)

static const NetnsOperation acting = { OPERATION, .undo = act_back };
static const NetnsOperation looking = { OPERATION, .reads = TRUE };
static const NetnsOperation final = { OPERATION };

static void
add (NetnsPlan *plan, const NetnsOperation *operation, const char *name, gboolean fails, gboolean stays)
{
  netns_plan_add_step (plan, operation, "", &(Act) { name, fails, stays });
}

static NetnsPlan *
start (void)
{
  fake_clear ();
  if (events != NULL)
    g_string_free (events, TRUE);
  events = g_string_new (NULL);
  count = 0;
  return netns_plan_new ();
}

static void
assert_fails (NetnsPlan *plan, int code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (netns_plan_run (plan, NULL, &error));
  g_assert_error (error, NETNS_ERROR, code);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_null (netns_plan_get_result (plan));
}

static void
test_order (void)
{
  g_autoptr (NetnsPlan) plan = start ();
  g_autoptr (GError) error = NULL;
  char name[] = "b";

  add (plan, &acting, "a", FALSE, FALSE);
  add (plan, &acting, name, FALSE, FALSE);
  name[0] = 'x'; /* the plan has a copy */
  add (plan, &looking, "c", FALSE, FALSE);
  add (plan, &final, "d", FALSE, FALSE);
  g_assert_cmpuint (netns_plan_get_steps (plan)->len, ==, 4);
  g_assert_cmpstr (events->str, ==, "");
  g_assert_true (netns_plan_run (plan, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (events->str, ==, "a b c d");
  g_assert_cmpuint (g_variant_get_uint32 (netns_plan_get_result (plan)), ==, 4);
}

static void
test_empty (void)
{
  g_autoptr (NetnsPlan) plan = start ();

  g_assert_true (netns_plan_run (plan, NULL, NULL));
  g_assert_null (netns_plan_get_result (plan));
  g_assert_cmpint (netns_plan_steal_descriptor (plan), ==, -1);
}

/* The step that failed has left nothing behind; those before it are undone, the last one first, with what each kept. */
static void
test_undo (void)
{
  g_autoptr (NetnsPlan) plan = start ();

  add (plan, &acting, "a", FALSE, FALSE);
  add (plan, &looking, "b", FALSE, FALSE);
  add (plan, &acting, "c", FALSE, FALSE);
  add (plan, &acting, "d", TRUE, FALSE);
  add (plan, &acting, "e", FALSE, FALSE);
  assert_fails (plan, NETNS_ERROR_EXISTS, "d failed");
  g_assert_cmpstr (events->str, ==, "a b c d -c3 -a1");
}

static void
test_first_fails (void)
{
  g_autoptr (NetnsPlan) plan = start ();

  add (plan, &acting, "a", TRUE, FALSE);
  add (plan, &acting, "b", FALSE, FALSE);
  assert_fails (plan, NETNS_ERROR_EXISTS, "a failed");
  g_assert_cmpstr (events->str, ==, "a");
}

static void
test_last_fails (void)
{
  g_autoptr (NetnsPlan) plan = start ();

  add (plan, &acting, "a", FALSE, FALSE);
  add (plan, &final, "b", TRUE, FALSE);
  assert_fails (plan, NETNS_ERROR_EXISTS, "b failed");
  g_assert_cmpstr (events->str, ==, "a b -a1");
}

/* What can be undone is undone, and the rest is said. */
static void
test_undo_fails (void)
{
  g_autoptr (NetnsPlan) plan = start ();

  add (plan, &acting, "a", FALSE, TRUE);
  add (plan, &acting, "b", FALSE, FALSE);
  add (plan, &acting, "c", FALSE, TRUE);
  add (plan, &acting, "d", TRUE, FALSE);
  assert_fails (plan, NETNS_ERROR_ROLLED_BACK,
                "d failed; rollback failed, clean up manually: act: c stays; act: a stays");
  g_assert_cmpstr (events->str, ==, "a b c d -c3 -b2 -a1");
}

static void
test_nothing_after_the_last (void)
{
  if (g_test_subprocess ()) {
    NetnsPlan *plan = start ();

    add (plan, &final, "a", FALSE, FALSE);
    add (plan, &acting, "b", FALSE, FALSE);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
}

static void
on_commit (NetnsPlan *plan, gpointer data)
{
  note ("commit-%s", (const char *) data);
}

static void
on_destroy (gpointer data)
{
  note ("free-%s", (const char *) data);
}

static void
test_commit (void)
{
  NetnsPlan *plan = start ();

  add (plan, &acting, "a", FALSE, FALSE);
  netns_plan_on_commit (plan, on_commit, (gpointer) "1", on_destroy);
  netns_plan_on_commit (plan, on_commit, (gpointer) "2", NULL);
  g_assert_true (netns_plan_run (plan, NULL, NULL));
  g_assert_cmpstr (events->str, ==, "a");
  netns_plan_commit (plan);
  g_assert_cmpstr (events->str, ==, "a commit-1 commit-2");
  netns_plan_free (plan);
  g_assert_cmpstr (events->str, ==, "a commit-1 commit-2 free-1");
  /* One that did not run. */
  plan = start ();
  netns_plan_on_commit (plan, on_commit, (gpointer) "1", on_destroy);
  netns_plan_free (plan);
  g_assert_cmpstr (events->str, ==, "free-1");
}

static const char *
detail (NetnsPlan *plan, const char *key)
{
  return g_hash_table_lookup (netns_plan_get_details (plan), key);
}

static void
test_details (void)
{
  g_autoptr (NetnsPlan) plan = start ();

  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_OWN);
  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_NAT);
  g_assert_cmpint (netns_plan_get_auth_scope (plan), ==, NETNS_AUTH_SCOPE_OWN | NETNS_AUTH_SCOPE_NAT);
  netns_plan_add_detail (plan, "subnet", "10.0.0.0/24", FALSE);
  g_assert_cmpstr (detail (plan, "subnet"), ==, "10.0.0.0/24");
  netns_plan_add_detail (plan, "subnet", "10.0.0.0/24", FALSE);
  g_assert_cmpstr (detail (plan, "subnet"), ==, "10.0.0.0/24");
  netns_plan_add_detail (plan, "subnet", "fd00::/64", FALSE);
  g_assert_cmpstr (detail (plan, "subnet"), ==, "10.0.0.0/24 fd00::/64");
  netns_plan_add_detail (plan, "subnet", "10.1.0.0/24", TRUE);
  g_assert_cmpstr (detail (plan, "subnet"), ==, "10.1.0.0/24");
  netns_plan_set_detail (plan, "subnet", "");
  g_assert_cmpstr (detail (plan, "subnet"), ==, "");
  g_assert_null (detail (plan, "link"));
}

/* Whether a plan for @after may run when one for @before was authorized. */
static gboolean
is_same (const NetnsNamespace *before, const NetnsNamespace *after)
{
  g_autoptr (NetnsPlan) asked = netns_plan_new (), again = netns_plan_new ();

  netns_plan_use_namespace (asked, before);
  netns_plan_use_namespace (again, after);
  return netns_plan_has_same_targets (asked, again);
}

static void
test_targets (void)
{
  g_autoptr (NetnsPlan) none = start (), one = netns_plan_new (), two = netns_plan_new ();
  NetnsNamespace *web = fake_namespace ("web", 1000), other = *web;

  g_assert_true (is_same (web, &other));
  other.name = (char *) "db";
  g_assert_false (is_same (web, &other));
  other = *web;
  other.id.inode++;
  g_assert_false (is_same (web, &other));
  other = *web;
  other.id.device++;
  g_assert_false (is_same (web, &other));
  /* The inode may be that of another namespace by now; the cookie never is. */
  other = *web;
  other.cookie++;
  g_assert_false (is_same (web, &other));
  other.cookie = 0;
  g_assert_true (is_same (web, &other));
  g_assert_true (is_same (&other, web));
  netns_plan_use_namespace (one, web);
  netns_plan_use_namespace (two, web);
  netns_plan_use_namespace (two, web);
  g_assert_false (netns_plan_has_same_targets (none, one));
  g_assert_false (netns_plan_has_same_targets (one, two));
  g_assert_false (netns_plan_has_same_targets (two, one));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/order", test_order);
  g_test_add_func ("/plan/empty", test_empty);
  g_test_add_func ("/plan/undo", test_undo);
  g_test_add_func ("/plan/first-fails", test_first_fails);
  g_test_add_func ("/plan/last-fails", test_last_fails);
  g_test_add_func ("/plan/undo-fails", test_undo_fails);
  g_test_add_func ("/plan/nothing-after-the-last", test_nothing_after_the_last);
  g_test_add_func ("/plan/commit", test_commit);
  g_test_add_func ("/plan/details", test_details);
  g_test_add_func ("/plan/targets", test_targets);
  return g_test_run ();
}
