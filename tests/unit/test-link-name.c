/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a link is called for which somebody wished a name that the kernel may find too long. */
#include "common/error.h"
#include "core/link/link-name.h"
#include "fake-service.h"

#include <string.h>

static char *
choose (NetnsNamespace *namespace, const char *wish, char **alternative)
{
  g_autoptr (GError) error = NULL;
  char *name;

  netns_link_name_choose (namespace, wish, &name, alternative, &error);
  g_assert_no_error (error);
  return name;
}

static void
assert_refused (NetnsNamespace *namespace, const char *wish, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL, *alternative = NULL;

  g_assert_false (netns_link_name_choose (namespace, wish, &name, &alternative, &error));
  g_assert_error (error, NETNS_ERROR, code);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
test_short (void)
{
  NetnsNamespace *host;
  g_autofree char *name = NULL, *longest = NULL;
  char *alternative;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  name = choose (host, "a", &alternative);
  g_assert_cmpstr (name, ==, "a");
  g_assert_null (alternative);
  longest = choose (host, "fifteen-bytes-x", &alternative);
  g_assert_cmpstr (longest, ==, "fifteen-bytes-x");
  g_assert_null (alternative);
}

static void
test_long (void)
{
  NetnsNamespace *host, *web;
  g_autofree char *first = NULL, *again = NULL, *elsewhere = NULL, *next = NULL, *other = NULL;
  g_auto (GStrv) alternatives = g_new0 (char *, 6);
  NetnsLink *link;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  web = fake_namespace ("web", 1000);
  first = choose (host, "veth-webserver-h", &alternatives[0]);
  g_assert_cmpstr (alternatives[0], ==, "veth-webserver-h");
  g_assert_cmpuint (strlen (first), ==, 15);
  g_assert_true (g_str_has_prefix (first, "veth-w-"));
  /* FNV-1a: the same in each run of the service, and in each namespace. */
  g_assert_cmpstr (first, ==, "veth-w-1ccc5229");
  again = choose (host, "veth-webserver-h", &alternatives[1]);
  g_assert_cmpstr (again, ==, first);
  other = choose (host, "veth-webserver-i", &alternatives[2]);
  g_assert_cmpstr (other, !=, first);
  /* Somebody else's link is called just so. */
  link = fake_link (host, 2, first, "veth");
  next = choose (host, "veth-webserver-h", &alternatives[3]);
  g_assert_cmpstr (next, !=, first);
  g_assert_cmpuint (strlen (next), ==, 15);
  elsewhere = choose (web, "veth-webserver-h", &alternatives[4]);
  g_assert_cmpstr (elsewhere, ==, first);
  /* Now it has the wish as another name. */
  link->info.alternative_names = g_strsplit ("other veth-webserver-h", " ", -1);
  assert_refused (host, "veth-webserver-h", NETNS_ERROR_EXISTS, "the host namespace");
  assert_refused (host, "other", NETNS_ERROR_EXISTS, "other");
}

static void
test_refused (void)
{
  g_autofree char *longest = g_strnfill (127, 'a'), *too_long = g_strnfill (128, 'a'), *name = NULL,
                  *alternative = NULL;
  NetnsNamespace *web;

  fake_clear ();
  web = fake_namespace ("web", 1000);
  fake_link (web, 1, "lo", "loopback");
  assert_refused (web, "lo", NETNS_ERROR_EXISTS, "web");
  assert_refused (web, "", NETNS_ERROR_INVALID_NAME, "");
  assert_refused (web, "a b", NETNS_ERROR_INVALID_NAME, "a b");
  assert_refused (web, "a/b", NETNS_ERROR_INVALID_NAME, "a/b");
  assert_refused (web, "..", NETNS_ERROR_INVALID_NAME, "..");
  assert_refused (web, too_long, NETNS_ERROR_INVALID_NAME, "");
  name = choose (web, longest, &alternative);
  g_assert_cmpstr (alternative, ==, longest);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link-name/short", test_short);
  g_test_add_func ("/link-name/long", test_long);
  g_test_add_func ("/link-name/refused", test_refused);
  return g_test_run ();
}
