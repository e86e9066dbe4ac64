/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table that networks, NATs, forwards and firewalls become, and whether it is still there. JSON is written with single
 * quotes here. */
#include "common/names.h"
#include "core/ruleset/forward-rules.h"
#include "core/ruleset/ruleset.h"
#include "core/state/firewall-rule.h"
#include "fake-service.h"
#include "nft/counts.h"
#include "nft/json.h"
#include "nft/outline.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static GPtrArray *definitions; /* what is in the namespace */
static GPtrArray *owned; /* those of them that are freed here */

static void
set_up (void)
{
  fake_clear ();
  definitions = g_ptr_array_new ();
  owned = g_ptr_array_new_with_free_func (netns_definition_free);
}

static void
tear_down (void)
{
  g_ptr_array_unref (definitions);
  g_ptr_array_unref (owned);
}

static void
add_owned (gpointer definition)
{
  g_ptr_array_add (definitions, definition);
  g_ptr_array_add (owned, definition);
}

static NetnsNetwork *
add_network (const char *name, const char *subnet, gboolean nat)
{
  NetnsNetwork *network = fake_network (name, "", subnet, NULL);

  network->nat = nat;
  g_ptr_array_add (definitions, network);
  return network;
}

static NetnsNat *
add_nat (const char *source, const char *uplink, const char *to_address)
{
  NetnsNat *nat = netns_definition_new (&netns_nat_class, "1", "", 1, 1000);
  NetnsAddress address = fake_parse (source);

  nat->sources = netns_addresses_new ();
  g_array_append_val (nat->sources, address);
  nat->uplink = g_strdup (uplink);
  if (to_address != NULL)
    nat->to_address = fake_parse (to_address);
  add_owned (nat);
  return nat;
}

/* From port 8080 on to port 80 on of 10.0.0.2 in network `lan`. */
static NetnsForward *
add_forward (guint8 protocol, const char *listen_address, guint16 count)
{
  NetnsForward *forward = netns_definition_new (&netns_forward_class, "1", "web", 1, 1000);

  forward->protocol = protocol;
  if (listen_address != NULL)
    forward->listen_address = fake_parse (listen_address);
  forward->listen_port = 8080;
  forward->target_port = 80;
  forward->count = count;
  forward->scope = NETNS_SCOPE_HOST;
  forward->network = g_strdup ("lan");
  forward->bridge = g_strdup ("lan");
  forward->port = g_strdup ("veth-web-h");
  forward->addresses[0] = fake_parse ("10.0.0.2");
  forward->away = netns_addresses_new ();
  add_owned (forward);
  return forward;
}

static NetnsFirewall *
add_firewall (void)
{
  NetnsFirewall *firewall = netns_definition_new (&netns_firewall_class, "1", "", 1, 1000);

  firewall->rules = netns_firewall_rules_new ();
  add_owned (firewall);
  return firewall;
}

static void
add_rule (NetnsFirewall *firewall, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) rule = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  g_ptr_array_add (firewall->rules, netns_firewall_rule_check (rule, ++firewall->last_handle, &error));
  g_assert_no_error (error);
}

/* What the commands do with objects of @type, one line each: `VERB NAME-OR-CHAIN COMMENT: MEMBER`. */
typedef struct {
  const char *verb;
  const char *type;
  const char *member;
  GString *lines;
} Wanted;

static void
note_object (const char *type, JsonObject *object, gpointer data)
{
  Wanted *wanted = data;
  JsonNode *node = json_object_get_member (object, wanted->member);
  g_autofree char *value = node ? json_to_string (node, FALSE) : NULL;
  const char *chain = netns_nft_get_text (object, "chain");

  if (strcmp (type, wanted->type) != 0)
    return;
  g_assert_cmpstr (netns_nft_get_text (object, "family"), ==, "inet");
  if (strcmp (type, "table") != 0)
    g_assert_cmpstr (netns_nft_get_text (object, "table"), ==, NETNS_TABLE);
  g_string_append_printf (wanted->lines, "%s %s %s: %s\n", wanted->verb,
                          *chain ? chain : netns_nft_get_text (object, "name"), netns_nft_get_text (object, "comment"),
                          value ? value : "");
}

static void
note_command (const char *verb, JsonObject *object, gpointer data)
{
  Wanted *wanted = data;

  wanted->verb = verb;
  netns_nft_foreach_member (object, note_object, wanted);
}

static char *
list (const char *commands, const char *type, const char *member)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = netns_nft_parse (commands, &error);
  Wanted wanted = { NULL, type, member, g_string_new (NULL) };

  g_assert_no_error (error);
  netns_nft_foreach (node, note_command, &wanted);
  g_strdelimit (wanted.lines->str, "\"", '\'');
  return g_string_free (wanted.lines, FALSE);
}

static void
assert_lists (const char *type, const char *member, const char *expected)
{
  g_autofree char *commands = netns_ruleset_build (definitions, TRUE), *found = list (commands, type, member);

  g_assert_cmpstr (found, ==, expected);
}

/* All in which @words stand, anywhere. */
static void
assert_line (const char *type, const char *member, const char *line)
{
  g_autofree char *commands = netns_ruleset_build (definitions, TRUE), *found = list (commands, type, member);

  if (strstr (found, line) == NULL)
    g_error ("There is no\n%s\namong\n%s", line, found);
}

static void
test_empty (void)
{
  set_up ();
  g_assert_false (netns_ruleset_wants_table (definitions));
  assert_lists ("table", "x", "add netnsd : \ndelete netnsd : \n");
  /* A network that is just a bridge, and a firewall that says nothing, need none. */
  add_network ("plain", "10.9.0.0/24", FALSE);
  add_firewall ();
  g_assert_false (netns_ruleset_wants_table (definitions));
  assert_lists ("table", "x", "add netnsd : \ndelete netnsd : \n");
  assert_lists ("chain", "hook", "");
  tear_down ();
}

#define LINK(key, name)   "{'match':{'op':'==','left':{'meta':{'key':'" key "'}},'right':'" name "'}}"
#define PAYLOAD(name)     "{'payload':{'protocol':'ip','field':'" name "'}}"
#define PREFIX(addr, len) "{'prefix':{'addr':'" addr "','len':" len "}}"
#define FROM_SUBNET       "{'match':{'op':'==','left':" PAYLOAD ("saddr") ",'right':" PREFIX ("10.0.0.0", "24") "}}"
#define NOT_TO_OURS       "{'match':{'op':'!=','left':" PAYLOAD ("daddr") ",'right':'@own4'}}"
#define NOT_BY(name)      "{'match':{'op':'!=','left':{'meta':{'key':'oifname'}},'right':'" name "'}}"
#define REJECT            "{'reject':{'type':'icmpx','expr':'admin-prohibited'}}"
#define NOT_FROM_LINK     "{'match':{'op':'!=','left':{'fib':{'result':'type','flags':['saddr','oif']}},'right':'local'}}"
#define UNTRACKED         CONNECTION ("state", "['invalid','untracked']")
#define NOT_SNAT                                                                                                       \
  "{'match':{'op':'==','left':{'ct':{'key':'direction'}},'right':'original'}},"                                        \
  "{'match':{'op':'==','left':{'&':[{'ct':{'key':'status'}},'snat']},'right':0}}"
#define STOPPED(chosen)     "," chosen "," NOT_FROM_LINK ",{'drop':null}]\n"
#define CONNECTION(key, is) "{'match':{'op':'in','left':{'ct':{'key':'" key "'}},'right':" is "}}"

static void
test_network (void)
{
  NetnsNetwork *network;

  set_up ();
  network = add_network ("lan", "10.0.0.0/24", TRUE);
  assert_lists ("table", "x", "add netnsd : \ndelete netnsd : \nadd netnsd : \n");
  assert_lists ("chain", "hook",
                "add postrouting : 'postrouting'\nadd untranslated : 'postrouting'\nadd forward : 'forward'\n");
  assert_lists ("set", "elem", "add own4 : [" PREFIX ("10.0.0.0", "24") "]\nadd own6 : \nadd bridges : ['lan']\n");
  assert_lists (
    "rule", "expr",
    "add postrouting network lan: [" FROM_SUBNET "," NOT_TO_OURS "," NOT_BY (
      "lan") ",{'masquerade':null}]\n"
             "add untranslated network lan: [" FROM_SUBNET "," NOT_TO_OURS "," NOT_BY ("lan")
               STOPPED (UNTRACKED) "add untranslated network lan: [" FROM_SUBNET "," NOT_TO_OURS "," NOT_BY ("lan")
                 STOPPED (NOT_SNAT) "add forward network lan: [" LINK ("oifname", "lan") "," CONNECTION (
                   "state",
                   "['established','related']") ",{'accept':null}]\n"
                                                "add forward network lan: [" LINK ("oifname", "lan") "," CONNECTION (
                                                  "status",
                                                  "'dnat'") ",{'accept':null}]\n"
                                                            "add forward network lan: [" LINK (
                                                              "oifname",
                                                              "lan") "," LINK ("iifname",
                                                                               "@bridges") ",{'accept':null}]\n"
                                                                                           "add forward network lan: "
                                                                                           "[" LINK ("oifname",
                                                                                                     "lan") "," REJECT
                                                                                                            "]\n");
  g_free (network->uplink);
  network->uplink = g_strdup ("eth0");
  assert_line ("rule", "expr", NOT_BY ("lan") "," LINK ("oifname", "eth0") ",{'masquerade':null}]\n");
  tear_down ();
}

/* The rules that keep others out come first, whatever the other networks are called. */
static void
test_isolated (void)
{
  g_autofree char *commands = NULL, *found = NULL;

  set_up ();
  add_network ("a", "10.0.0.0/24", TRUE);
  add_network ("b", "10.0.1.0/24", FALSE)->isolated = TRUE;
  commands = netns_ruleset_build (definitions, TRUE);
  found = list (commands, "rule", "expr");
  g_assert_true (g_str_has_prefix (
    found, "add forward network b: [" LINK ("iifname", "b") "," LINK (
             "oifname", "b") ",{'accept':null}]\n"
                             "add forward network b: [" LINK (
                               "iifname", "b") "," REJECT "]\n"
                                               "add forward network b: [" LINK (
                                                 "oifname", "b") "," REJECT "]\nadd postrouting network a:"));
  tear_down ();
}

/* Names are values: none ends what it stands in. */
static void
test_quotes (void)
{
  NetnsNetwork *network;
  g_autofree char *commands = NULL;
  g_autoptr (JsonNode) node = NULL;

  set_up ();
  network = add_network ("lan", "10.0.0.0/24", TRUE);
  g_free (network->bridge);
  network->bridge = g_strdup ("'\"]}>,\\");
  add_forward (IPPROTO_TCP, NULL, 1);
  commands = netns_ruleset_build (definitions, TRUE);
  node = netns_nft_parse (commands, NULL);
  g_assert_nonnull (node);
  g_assert_nonnull (strstr (commands, "\"right\":\"'\\\"]}>,\\\\\"}},{\"masquerade\":null}]"));
  tear_down ();
}

static void
test_nat (void)
{
  set_up ();
  add_nat ("10.0.0.0/24", "", NULL);
  assert_lists ("rule", "expr",
                "add postrouting nat 1: [" FROM_SUBNET "," NOT_TO_OURS ",{'counter':null},{'masquerade':null}]\n"
                "add untranslated nat 1: [" FROM_SUBNET
                "," NOT_TO_OURS STOPPED (UNTRACKED) "add untranslated nat 1: [" FROM_SUBNET
                                                    "," NOT_TO_OURS STOPPED (NOT_SNAT));
  add_nat ("10.0.0.0/24", "eth0", "192.0.2.7");
  assert_line ("rule", "expr",
               NOT_TO_OURS
               "," LINK ("oifname", "eth0") ",{'counter':null},{'snat':{'family':'ip','addr':'192.0.2.7'}}]\n");
  assert_line ("rule", "expr",
               LINK ("oifname", "eth0") ",{'match':{'op':'!=','left':" PAYLOAD (
                 "saddr") ",'right':'192.0.2.7'}}" STOPPED (UNTRACKED));
  tear_down ();
}

static void
test_forwards (void)
{
  g_autofree char *frame = NULL, *other_frame = NULL, *whole = NULL, *other_whole = NULL, *change = NULL,
                  *counted = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new (), one = g_ptr_array_new ();

  set_up ();
  add_network ("lan", "10.0.0.0/24", FALSE);
  add_forward (IPPROTO_TCP, NULL, 2);
  assert_lists ("element", "elem",
                "add any-address4 : [[{'concat':['tcp',8080]},'10.0.0.2'],[{'concat':['tcp',8081]},'10.0.0.2']]\n"
                "add any-port : [[{'concat':['tcp',8080]},80],[{'concat':['tcp',8081]},81]]\n"
                "add any-counted : [{'concat':['tcp',8080]},{'concat':['tcp',8081]}]\n"
                "add any-scope : [[{'concat':['tcp',8080]},{'goto':{'target':'host'}}],"
                "[{'concat':['tcp',8081]},{'goto':{'target':'host'}}]]\n");
  /* Whom a forward leads into is guarded. */
  assert_line ("rule", "expr", "add forward network lan: [" LINK ("oifname", "lan") "," REJECT "]\n");
  /* Whom it answers by another way. */
  g_array_append_vals (((NetnsForward *) definitions->pdata[1])->away,
                       (NetnsAddress[]) { fake_parse ("10.9.0.0"), fake_parse ("10.9.0.255"), fake_parse ("10.7.0.1"),
                                          fake_parse ("10.7.0.1") },
                       4);
  assert_line ("element", "elem",
               "add any-away4 : [{'concat':['tcp',{'range':[8080,8081]},{'range':['10.9.0.0','10.9.0.255']}]},"
               "{'concat':['tcp',{'range':[8080,8081]},'10.7.0.1']}]\n");
  /* Another forward changes nothing but elements. */
  frame = netns_ruleset_build (definitions, FALSE);
  whole = netns_ruleset_build (definitions, TRUE);
  g_ptr_array_add (one, add_forward (IPPROTO_UDP, "192.0.2.1", 1));
  other_frame = netns_ruleset_build (definitions, FALSE);
  other_whole = netns_ruleset_build (definitions, TRUE);
  g_assert_cmpstr (frame, ==, other_frame);
  g_assert_cmpstr (whole, !=, other_whole);
  change = netns_ruleset_build_change (one, none);
  counted = list (change, "element", "elem");
  g_assert_cmpstr (counted, ==,
                   "delete one4-address4 : [[{'concat':['192.0.2.1','udp',8080]},'10.0.0.2']]\n"
                   "delete one4-port : [[{'concat':['192.0.2.1','udp',8080]},80]]\n"
                   "delete one4-counted : [{'concat':['192.0.2.1','udp',8080]}]\n"
                   "delete one4-scope : [[{'concat':['192.0.2.1','udp',8080]},{'goto':{'target':'host'}}]]\n");
  /* One that reaches nobody has no elements. */
  ((NetnsForward *) one->pdata[0])->addresses[0].family = AF_UNSPEC;
  g_assert_null (netns_ruleset_build_change (one, none));
  g_assert_null (netns_ruleset_build_change (none, none));
  tear_down ();
}

static void
test_firewall (void)
{
  NetnsFirewall *firewall;
  g_autofree char *commands = NULL, *found = NULL;

  set_up ();
  firewall = add_firewall ();
  add_rule (firewall, "{'chain': <'input'>, 'action': <'accept'>, 'protocol': <'tcp'>,"
                      " 'destination-ports': <['22', '80-90']>}");
  add_rule (firewall, "{'chain': <'forward'>, 'action': <'drop'>, 'in-link': <'a'>, 'protocol': <'udp'>,"
                      " 'comment': <'no more'>}");
  add_rule (firewall, "{'chain': <'input'>, 'action': <'reject'>, 'connection-state': <['new']>,"
                      " 'source': <'10.0.0.0/8'>}");
  assert_lists ("chain", "policy", "add firewall-input : 'accept'\nadd firewall-forward : 'accept'\n");
  assert_lists (
    "rule", "expr",
    "add firewall-input rule 1: [{'match':{'op':'==','left':{'payload':{'protocol':'tcp','field':'dport'}},"
    "'right':{'set':[22,{'range':[80,90]}]}}},{'accept':null}]\n"
    "add firewall-input rule 3: [{'match':{'op':'==','left':" PAYLOAD ("saddr") ",'right':" PREFIX (
      "10.0.0.0", "8") "}}," CONNECTION ("state", "['new']") ",{'reject':null}]\n"
                                                             "add firewall-forward no more: [" LINK (
                                                               "iifname",
                                                               "a") ",{'match':{'op':'==','left':{'meta':{'key':'"
                                                                    "l4proto'}},'right':17}},{'drop':null}]\n");
  /* What a policy drops, it drops but for what every host needs; behind the user's rules. */
  firewall->drop[NETNS_FIREWALL_INPUT] = firewall->drop[NETNS_FIREWALL_FORWARD] = TRUE;
  firewall->drop[NETNS_FIREWALL_OUTPUT] = TRUE;
  assert_lists ("chain", "policy",
                "add firewall-input : 'drop'\nadd firewall-forward : 'drop'\nadd firewall-output : 'drop'\n");
  commands = netns_ruleset_build (definitions, TRUE);
  found = list (commands, "rule", "comment");
  g_assert_cmpstr (found, ==,
                   "add firewall-input rule 1: 'rule 1'\nadd firewall-input rule 3: 'rule 3'\n"
                   "add firewall-input beside the policy: 'beside the policy'\n"
                   "add firewall-input beside the policy: 'beside the policy'\n"
                   "add firewall-input beside the policy: 'beside the policy'\n"
                   "add firewall-forward no more: 'no more'\n"
                   "add firewall-forward beside the policy: 'beside the policy'\n"
                   "add firewall-output beside the policy: 'beside the policy'\n"
                   "add firewall-output beside the policy: 'beside the policy'\n"
                   "add firewall-output beside the policy: 'beside the policy'\n");
  assert_line ("rule", "expr", "add firewall-input beside the policy: [" LINK ("iifname", "lo") ",{'accept':null}]\n");
  assert_line ("rule", "expr", "add firewall-output beside the policy: [" LINK ("oifname", "lo") ",{'accept':null}]\n");
  tear_down ();
}

/* ---- comparison */

#define TABLE "{'table':{'family':'inet','name':'netnsd','handle':5}}"
#define CHAIN                                                                                                          \
  "{'chain':{'family':'inet','table':'netnsd','name':'firewall-output','handle':1,'type':'filter',"                    \
  "'hook':'output','prio':0,'policy':'accept'}}"
#define RULE(comment)                                                                                                  \
  "{'rule':{'family':'inet','table':'netnsd','chain':'firewall-output','handle':2,'comment':'" comment                 \
  "','expr':[{'drop':null}]}}"
#define FOREIGN                                                                                                        \
  "{'table':{'family':'ip','name':'netnsd','handle':5}},{'rule':{'family':'inet','table':'other',"                     \
  "'chain':'firewall-output','handle':2,'expr':[]}}"

static void
assert_there (const char *items, gboolean there)
{
  g_autofree char *commands = netns_ruleset_build (definitions, TRUE);
  g_autofree char *ruleset
    = g_strdup_printf ("{'nftables':[{'metainfo':{'version':'1'}}%s%s]}", *items ? "," : "", items);

  g_strdelimit (ruleset, "'", '"');
  if (netns_outline_is_same (commands, ruleset) != there)
    g_error ("%s: %s", there ? "missing" : "there", ruleset);
}

static void
test_compare (void)
{
  NetnsFirewall *firewall;

  set_up ();
  firewall = add_firewall ();
  assert_there ("", TRUE);
  assert_there (FOREIGN, TRUE);
  assert_there (TABLE, FALSE);
  add_rule (firewall, "{'chain': <'output'>, 'action': <'drop'>}");
  add_rule (firewall, "{'chain': <'output'>, 'action': <'drop'>, 'comment': <'c'>}");
  assert_there (TABLE "," CHAIN "," RULE ("rule 1") "," RULE ("c"), TRUE);
  assert_there (RULE ("c") "," FOREIGN "," CHAIN "," TABLE "," RULE ("rule 1"), TRUE);
  assert_there ("", FALSE);
  assert_there (TABLE, FALSE);
  assert_there (TABLE "," CHAIN "," RULE ("rule 1"), FALSE);
  assert_there (TABLE "," CHAIN "," RULE ("rule 1") "," RULE ("c") "," RULE ("c"), FALSE);
  assert_there (TABLE "," CHAIN "," RULE ("rule 1") "," RULE ("d"), FALSE);
  firewall->drop[NETNS_FIREWALL_OUTPUT] = TRUE; /* somebody switched the policy off */
  assert_there (TABLE "," CHAIN "," RULE ("rule 1") "," RULE ("c"), FALSE);
  g_assert_false (netns_outline_is_same ("{}", "7"));
  tear_down ();
}

/* Elements of maps are rules of forwards; those of counting sets are not counted. */
static void
test_compare_elements (void)
{
  g_autofree char *commands = NULL, *less = NULL;
  g_autoptr (GString) found = NULL;
  const char *element = "\"elem\":[[{\"concat\":[\"tcp\",8080]},80]]";
  char *place;

  set_up ();
  add_forward (IPPROTO_TCP, NULL, 1);
  commands = netns_ruleset_build (definitions, TRUE);
  g_assert_true (netns_outline_is_same (commands, commands));
  /* Without one element of any-port. */
  place = strstr (commands, element);
  g_assert_nonnull (place);
  found = g_string_new_len (commands, place - commands);
  g_string_append_printf (found, "\"elem\":[]%s", place + strlen (element));
  g_assert_false (netns_outline_is_same (commands, found->str));
  /* Without that of any-counted. */
  element = "\"name\":\"any-counted\",\"elem\":[{\"concat\":[\"tcp\",8080]}]";
  place = strstr (commands, element);
  g_assert_nonnull (place);
  g_string_truncate (found, 0);
  g_string_append_len (found, commands, place - commands);
  g_string_append_printf (found, "\"name\":\"any-counted\",\"elem\":[]%s", place + strlen (element));
  g_assert_true (netns_outline_is_same (commands, found->str));
  tear_down ();
}

/* ---- counters */

static void
test_counters (void)
{
  const char *set = "{\"nftables\":[{\"metainfo\":{}},{\"set\":{\"family\":\"inet\",\"name\":\"any-counted\",\"elem\":["
                    "{\"elem\":{\"val\":{\"concat\":[\"tcp\",8080]},\"counter\":{\"packets\":1,\"bytes\":10}}},"
                    "{\"elem\":{\"val\":{\"concat\":[\"tcp\",8081]},\"counter\":{\"packets\":2,\"bytes\":20}}},"
                    "{\"elem\":{\"val\":{\"concat\":[\"tcp\",8082]},\"counter\":{\"packets\":4,\"bytes\":40}}},"
                    "{\"elem\":{\"val\":{\"concat\":[\"udp\",8080]},\"counter\":{\"packets\":8,\"bytes\":80}}}]}}]}";
  const char *chain = "{\"nftables\":[{\"chain\":{\"name\":\"postrouting\"}},"
                      "{\"rule\":{\"comment\":\"nat 1\",\"expr\":[{\"counter\":{\"packets\":3,\"bytes\":30}},"
                      "{\"masquerade\":null}]}},"
                      "{\"rule\":{\"comment\":\"nat 11\",\"expr\":[{\"counter\":{\"packets\":5,\"bytes\":50}}]}},"
                      "{\"rule\":{\"expr\":[{\"counter\":{\"packets\":7,\"bytes\":70}}]}},"
                      "{\"rule\":{\"comment\":\"nat 1\",\"expr\":[{\"counter\":{\"packets\":1,\"bytes\":1}}]}}]}";
  NetnsCount elements = { .packets = 100, .bytes = 1000 }, of_rules = { .comment = "nat 1" };
  g_autoptr (GVariant) parameter = NULL;
  const char *name;

  set_up ();
  parameter = g_variant_ref_sink (netns_forward_rules_print_count (add_forward (IPPROTO_TCP, NULL, 2)));
  g_variant_get (parameter, "(&s&suu&s)", &name, &elements.protocol, &elements.first_port, &elements.n_ports,
                 &elements.address);
  g_assert_cmpstr (name, ==, "any-counted");
  g_assert_true (netns_count_read (&elements, set, NULL));
  g_assert_cmpuint (elements.packets, ==, 103);
  g_assert_cmpuint (elements.bytes, ==, 1030);
  g_assert_true (netns_count_read (&elements, "{\"nftables\":[{\"set\":{\"name\":\"any-counted\"}}]}", NULL));
  g_assert_true (
    netns_count_read (&elements, "{\"nftables\":[{\"set\":{\"elem\":[7,{\"elem\":{\"val\":7}}]}}]}", NULL));
  g_assert_false (netns_count_read (&elements, "7", NULL));
  g_assert_cmpuint (elements.packets, ==, 103);
  g_assert_true (netns_count_read (&of_rules, chain, NULL));
  g_assert_cmpuint (of_rules.packets, ==, 4);
  g_assert_cmpuint (of_rules.bytes, ==, 31);
  tear_down ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ruleset/empty", test_empty);
  g_test_add_func ("/ruleset/network", test_network);
  g_test_add_func ("/ruleset/isolated", test_isolated);
  g_test_add_func ("/ruleset/quotes", test_quotes);
  g_test_add_func ("/ruleset/nat", test_nat);
  g_test_add_func ("/ruleset/forwards", test_forwards);
  g_test_add_func ("/ruleset/firewall", test_firewall);
  g_test_add_func ("/ruleset/compare", test_compare);
  g_test_add_func ("/ruleset/compare-elements", test_compare_elements);
  g_test_add_func ("/ruleset/counters", test_counters);
  return g_test_run ();
}
