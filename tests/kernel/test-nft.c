/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firewall of one namespace, compared with what `nft` lists. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/broker.h"
#include "kernel/netns.h"
#include "kernel/nft.h"
#include "kernel/nft-helper.h"
#include "sandbox.h"

#include <linux/netfilter.h>
#include <string.h>

#define HELPER      "/run/netnsd-nft"
#define REAL_HELPER "exec " NFT_HELPER_PATH " \"$@\"\n"

#define ADD_TABLE(name)  "{\"add\": {\"table\": {\"family\": \"inet\", \"name\": \"" name "\"}}}"
#define ADD_CHAIN(table) "{\"add\": {\"chain\": {\"family\": \"inet\", \"table\": \"" table "\", \"name\": \"c\"}}}"
#define ADD_RULE(table, chain)                                                                                         \
  "{\"add\": {\"rule\": {\"family\": \"inet\", \"table\": \"" table "\", \"chain\": \"" chain                          \
  "\", \"expr\": [{\"accept\": null}]}}}"
#define COMMANDS(commands) "{\"nftables\": [" commands "]}"

static NetnsNft *
open_firewall (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename ("/run/netns", name, NULL);
  netns_autofd int fd = *name != '\0' ? netns_nsfs_open (path, &error) : -1;
  NetnsNft *nft;

  g_assert_no_error (error);
  nft = netns_nft_new (fd, &error);
  g_assert_no_error (error);
  return nft;
}

static void
apply (NetnsNft *nft, const char *commands)
{
  g_autoptr (GError) error = NULL;

  netns_nft_apply (sandbox_grant, nft, "", commands, &error);
  g_assert_no_error (error);
}

static void
test_apply (void)
{
  g_autoptr (NetnsNft) nft = open_firewall ("");

  apply (nft, COMMANDS (ADD_TABLE ("one") "," ADD_CHAIN ("one")));
  assert_query ("[.nftables[] | (.table, .chain) | select(.) | .name]", "[\"one\",\"c\"]", "nft -j list ruleset");
  apply (nft, COMMANDS ("{\"flush\": {\"ruleset\": null}}"));
  assert_query ("[.nftables[] | select(.table)]", "[]", "nft -j list ruleset");
}

static void
test_all_or_nothing (void)
{
  g_autoptr (NetnsNft) nft = open_firewall ("");
  g_autoptr (GError) error = NULL;

  /* The second command fails in the kernel, so that the first must not stay. */
  g_assert_false (netns_nft_apply (sandbox_grant, nft, "",
                                   COMMANDS (ADD_TABLE ("two") ",{\"delete\": {\"chain\": {\"family\": \"inet\", "
                                                               "\"table\": \"two\", \"name\": \"none\"}}}"),
                                   &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot change the firewall: ");
  assert_query ("[.nftables[] | select(.table)]", "[]", "nft -j list ruleset");
}

static void
check_refused (NetnsNft *nft, const char *commands, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (netns_nft_apply (sandbox_grant, nft, "", commands, &error));
  g_test_message ("%s", error->message);
  g_assert_null (strchr (error->message, '\n'));
  g_assert_null (strstr (error->message, "Error: "));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, text);
}

static void
test_errors (void)
{
  g_autoptr (NetnsNft) nft = open_firewall ("");
  g_autoptr (GError) error = NULL;

  check_refused (nft, COMMANDS (ADD_CHAIN ("missing")), "No such file or directory");
  check_refused (nft, COMMANDS ("{\"nonsense\": null}"), "Unknown object");
  check_refused (nft, "{\"nftables\": [", "");
  /* Each error stands for itself. */
  check_refused (nft, COMMANDS (ADD_CHAIN ("missing")), "Cannot change the firewall: No such file or directory");
  /* What is no JSON could be commands in the language of nft. */
  g_assert_false (netns_nft_apply (sandbox_grant, nft, "", "add table inet sneaked", &error));
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "JSON");
  g_assert_false (netns_nft_apply (sandbox_grant, nft, "", "", &error));
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "JSON");
  assert_query ("[.nftables[] | select(.table)]", "[]", "nft -j list ruleset");
}

static char *
list_ruleset (const char *name)
{
  g_autofree char *path = g_build_filename ("/run/netns", name, NULL);
  netns_autofd int fd = netns_nsfs_open (path, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = netns_nft_helper_ask (&netns_query_ruleset, fd, NULL, NULL, &error);
  char *list;

  g_assert_no_error (error);
  g_variant_get (answer, "(s)", &list);
  return list;
}

/* What is one transaction here is one there. */
static void
test_own_namespace (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, "walled", &error);
  g_autoptr (NetnsNft) nft = open_firewall ("walled");
  g_autofree char *list = NULL;
  g_autofree char *theirs = NULL;

  g_assert_cmpint (fd, >=, 0);
  apply (nft, COMMANDS (ADD_TABLE ("inside") "," ADD_CHAIN ("inside")));
  assert_query ("[.nftables[] | select(.table)]", "[]", "nft -j list ruleset");
  assert_query ("[.nftables[] | select(.table) | .table.name]", "[\"inside\"]",
                "ip netns exec walled nft -j list ruleset");
  list = list_ruleset ("walled");
  theirs = sandbox_run ("ip netns exec walled nft -j -a list ruleset");
  g_assert_cmpstr (list, ==, g_strchomp (theirs));
  g_assert_false (
    netns_nft_apply (sandbox_grant, nft, "", COMMANDS (ADD_TABLE ("two") "," ADD_RULE ("inside", "none")), &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot change the firewall: No such file or directory");
  g_clear_error (&error);
  g_assert_false (netns_nft_apply (sandbox_grant, nft, "", COMMANDS ("{\"nonsense\": null}"), &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot change the firewall: Unknown object");
  g_clear_error (&error);
  assert_query ("[.nftables[] | select(.table) | .table.name]", "[\"inside\"]",
                "ip netns exec walled nft -j list ruleset");
  g_assert_true (netns_nsfs_delete (sandbox_grant, "walled", &error));
}

/* Rules by number of a link (`iif`) mean the links of their namespace, also when the same number is another's here. */
static void
test_link_numbers (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, "walled", &error);
  g_autofree char *list = NULL;

  g_assert_cmpint (fd, >=, 0);
  g_free (sandbox_run ("ip link add outer index 50 type ifb; ip -n walled link add within index 50 type ifb"));
  g_free (sandbox_run ("ip netns exec walled nft 'add table t; add chain t c; add rule t c iif within'"));
  list = list_ruleset ("walled");
  g_assert_nonnull (strstr (list, "\"within\""));
  g_assert_null (strstr (list, "\"outer\""));
  g_free (sandbox_run ("ip link delete outer"));
  g_assert_true (netns_nsfs_delete (sandbox_grant, "walled", &error));
}

static void
test_helper_refuses (void)
{
  g_autofree char *text
    = sandbox_run (NFT_HELPER_PATH " nonsense 2>&1; " NFT_HELPER_PATH " ruleset </dev/null 3</dev/null; true");

  g_assert_nonnull (strstr (text, "for netnsd only"));
  g_assert_nonnull (strstr (text, "Cannot enter the namespace"));
}

/* What is started as netnsd-nft. */
static void
set_helper (const char *commands)
{
  g_autofree char *script = g_strconcat ("#!/bin/sh\n", commands, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents_full (HELPER, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, &error));
}

/* What a helper can do that somebody got hold of: end its output, in the middle or at once, and live on. */
static void
test_helper_lives_on (void)
{
  static const char *const outputs[] = { "", "printf half; " };

  for (gsize i = 0; i < G_N_ELEMENTS (outputs); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *commands = g_strconcat (outputs[i], "exec >/dev/null\nexec sleep 100000\n", NULL);

    set_helper (commands);
    g_assert_null (netns_nft_helper_ask (&netns_query_ruleset, -1, NULL, NULL, &error));
    assert_error (error, NETNS_ERROR_TOO_LARGE, "too long");
  }
  set_helper (REAL_HELPER);
}

static void
test_hostile_names (void)
{
  g_autoptr (NetnsNft) nft = open_firewall ("");

  /* A keyword of nft, and a quote, are only names in JSON. */
  apply (nft, COMMANDS (ADD_TABLE ("fwd")));
  assert_query ("[.nftables[] | select(.table) | .table.name]", "[\"fwd\"]", "nft -j list ruleset");
  apply (nft, COMMANDS ("{\"delete\": {\"table\": {\"family\": \"inet\", \"name\": \"fwd\"}}}"));
}

#define COMMENTED(comment) "nft insert rule ip theirs c accept comment '\"" comment "\"'"
#define DELETE_RULE                                                                                                    \
  COMMANDS ("{\"delete\": {\"rule\": {\"family\": \"ip\", \"table\": \"theirs\", \"chain\": \"c\", \"handle\": 2}}}")

/* Others make their table anew after our look: another rule has the number of the one that was found. */
static void
test_generation (void)
{
  g_autoptr (NetnsNft) nft = open_firewall ("");
  g_autoptr (GError) error = NULL;
  guint32 generation;
  gboolean found;

  g_free (sandbox_run ("nft 'add table ip theirs; add chain ip theirs c'; " COMMENTED ("ours")));
  g_assert_true (netns_nft_get_generation (nft, &generation, &error));
  g_assert_true (netns_nft_find_rule (nft, NFPROTO_IPV4, "theirs", "c", 2, "ours", &found, &error));
  g_assert_true (found);
  g_free (
    sandbox_run ("nft 'delete table ip theirs; add table ip theirs; add chain ip theirs c'; " COMMENTED ("others")));
  g_assert_false (netns_nft_apply_at (sandbox_grant, nft, generation, DELETE_RULE, &error));
  assert_error (error, NETNS_ERROR_BUSY, "others change it");
  g_clear_error (&error);
  assert_query ("[.nftables[] | select(.rule) | .rule | (.handle, .comment)]", "[2,\"others\"]",
                "nft -j -a list ruleset");

  /* A change in another namespace does not count, and one of ours does. */
  g_assert_true (netns_nft_get_generation (nft, &generation, &error));
  g_free (sandbox_run ("unshare --net nft add table ip elsewhere"));
  g_assert_true (netns_nft_apply_at (sandbox_grant, nft, generation, DELETE_RULE, &error));
  assert_query ("[.nftables[] | select(.rule)]", "[]", "nft -j list ruleset");
  g_assert_false (netns_nft_apply_at (sandbox_grant, nft, generation, COMMANDS (ADD_TABLE ("late")), &error));
  assert_error (error, NETNS_ERROR_BUSY, "try again");
  g_clear_error (&error);

  /* What the kernel refuses for another reason is said so. */
  g_assert_true (netns_nft_get_generation (nft, &generation, &error));
  g_assert_false (netns_nft_apply_at (sandbox_grant, nft, generation, DELETE_RULE, &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "No such file or directory");
  apply (nft, COMMANDS ("{\"flush\": {\"ruleset\": null}}"));
}

static void
add_tests (void)
{
  g_autoptr (GError) error = NULL;

  set_helper (REAL_HELPER);
  g_assert_true (netns_broker_run (BROKER_PATH, HELPER, NETNS_BROKER_SOCKET, &error));
  g_test_add_func ("/nft/apply", test_apply);
  g_test_add_func ("/nft/all-or-nothing", test_all_or_nothing);
  g_test_add_func ("/nft/errors", test_errors);
  g_test_add_func ("/nft/generation", test_generation);
  g_test_add_func ("/nft/own-namespace", test_own_namespace);
  g_test_add_func ("/nft/link-numbers", test_link_numbers);
  g_test_add_func ("/nft/helper-refuses", test_helper_refuses);
  g_test_add_func ("/nft/helper-lives-on", test_helper_lives_on);
  g_test_add_func ("/nft/hostile-names", test_hostile_names);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
