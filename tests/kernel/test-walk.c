/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether packets of a network get through firewalls of others: rules that nft, iptables and ip6tables put into the kernel,
 * and what is to come of the packets. tests/bus/test-judged.py has the same with real packets. */
#include "common/error.h"
#include "common/names.h"
#include "nft/drops.h"
#include "nft/walk.h"
#include "sandbox.h"

#include <string.h>
#include <sys/socket.h>

/* Packets of 10.0.0.0/24 or fd00::/64, that come by the bridge `lan` and leave by `eth0`, and their answers. */
static NetnsPassage
make_passage (int family, guint8 protocol, gboolean is_answer)
{
  NetnsPassage passage = { is_answer ? "eth0" : "lan", is_answer ? "lan" : "eth0", .family = family,
                           .protocol = protocol, .is_answer = is_answer };

  g_assert_true (netns_address_parse (family == AF_INET ? "10.0.0.0/24" : "fd00::/64",
                                      is_answer ? &passage.destination : &passage.source, NULL));
  return passage;
}

/* P, D or ? for TCP, UDP and ICMP, and the same of answers. @reason: (out): the first that is given */
static char *
judge (NetnsFirewallView *view, int family, char **reason)
{
  const guint8 protocols[] = { IPPROTO_TCP, IPPROTO_UDP, family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6 };
  static const char letters[] = { [NETNS_FATE_PASSES] = 'P', [NETNS_FATE_DROPPED] = 'D', [NETNS_FATE_UNKNOWN] = '?' };
  GString *fates = g_string_new (NULL);

  *reason = NULL;
  for (int is_answer = FALSE; is_answer <= TRUE; is_answer++) {
    if (is_answer)
      g_string_append_c (fates, ' ');
    for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++) {
      NetnsPassage passage = make_passage (family, protocols[i], is_answer);
      g_autofree char *why = NULL;
      NetnsFate fate = netns_firewall_view_judge (view, &passage, &why);

      g_assert_true ((fate == NETNS_FATE_PASSES) == (why == NULL));
      g_string_append_c (fates, letters[fate]);
      if (*reason == NULL)
        *reason = g_steal_pointer (&why);
    }
  }
  return g_string_free (fates, FALSE);
}

static NetnsFirewallView *
read_view (void)
{
  g_autoptr (GError) error = NULL;
  NetnsFirewallView *view = netns_firewall_view_read (&error);

  g_assert_no_error (error);
  return view;
}

/**
 * Row:
 * @rules: what the tool gets
 * @fates: as judge() says
 * @reason: (nullable): the first reason
 */
typedef struct {
  const char *rules;
  const char *fates;
  const char *reason;
} Row;

static void
assert_row (int family, const Row *row)
{
  g_autoptr (NetnsFirewallView) view = read_view ();
  g_autofree char *reason = NULL, *fates = judge (view, family, &reason);

  if (strcmp (fates, row->fates) == 0 && g_strcmp0 (reason, row->reason) == 0)
    return;
  g_test_message ("%s\n  is %s: %s\n  not %s: %s", row->rules, fates, reason, row->fates, row->reason);
  g_test_fail ();
}

/* Each in a ruleset of its own. */
static void
assert_nft (const char *before, const char *after, int family, const Row *rows, gsize count)
{
  for (gsize i = 0; i < count; i++) {
    g_autofree char *output
      = sandbox_run ("nft -f - <<'E'\nflush ruleset\n%s\n%s\n%s\nE\n", before, rows[i].rules, after);

    assert_row (family, &rows[i]);
  }
}

/* Options of iptables, rules apart by semicolons. */
static void
assert_iptables (int family, const Row *rows, gsize count)
{
  for (gsize i = 0; i < count; i++) {
    g_auto (GStrv) rules = g_strsplit (rows[i].rules, ";", -1);
    g_autofree char *flushed = sandbox_run ("nft flush ruleset");

    for (char **rule = rules; *rule != NULL; rule++) {
      g_autofree char *output = sandbox_run ("ip%stables-nft %s", family == AF_INET ? "" : "6", *rule);
    }
    assert_row (family, &rows[i]);
  }
}

#define CHAIN(policy)      "table ip t { chain f { type filter hook forward priority 0; policy " policy ";"
#define NFT(family, rows)  assert_nft (CHAIN ("drop"), "}\n}", family, rows, G_N_ELEMENTS (rows))
#define OPEN(family, rows) assert_nft (CHAIN ("accept"), "}\n}", family, rows, G_N_ELEMENTS (rows))
#define FULL(family, rows) assert_nft ("", "", family, rows, G_N_ELEMENTS (rows))
#define POLICY             "ip t f: policy drop"
#define ANSWERS            "ct state established accept\n"

static void
test_policies (void)
{
#define BASE(family, name, type, hook, priority, policy)                                                               \
  "table " family " " name " { chain f { type " type " hook " hook " priority " priority "; policy " policy "; }\n}\n"
  static const Row rows[] = {
    { "", "PPP PPP" },
    { BASE ("ip", "t", "filter", "forward", "0", "accept"), "PPP PPP" },
    { BASE ("ip", "t", "filter", "forward", "0", "drop"), "DDD DDD", POLICY },
    { BASE ("inet", "t", "filter", "forward", "0", "drop"), "DDD DDD", "inet t f: policy drop" },
    { BASE ("inet", "t", "filter", "prerouting", "0", "drop"), "DDD DDD", "inet t f: policy drop" },
    { BASE ("inet", "t", "filter", "postrouting", "0", "drop"), "DDD DDD", "inet t f: policy drop" },
    /* Other hooks, families and types see other packets. */
    { BASE ("ip", "t", "filter", "input", "0", "drop"), "PPP PPP" },
    { BASE ("ip6", "t", "filter", "forward", "0", "drop"), "PPP PPP" },
    { BASE ("bridge", "t", "filter", "forward", "0", "drop"), "PPP PPP" },
    /* NAT sees the first packet of a connection. */
    { BASE ("ip", "t", "nat", "postrouting", "100", "drop"), "DDD PPP", "ip t f: policy drop" },
    /* Ours is no obstacle that we would complain of. */
    { BASE ("inet", NETNS_TABLE, "filter", "forward", "0", "drop"), "PPP PPP" },
    /* The first hook, and there the first chain, whatever its priority among all. */
    { BASE ("ip", "late", "filter", "forward", "10", "drop") BASE ("ip", "early", "filter", "forward", "-10", "drop"),
     "DDD DDD", "ip early f: policy drop" },
    { BASE ("ip", "post", "filter", "postrouting", "-500", "drop")
        BASE ("ip", "pre", "filter", "prerouting", "0", "drop"),
     "DDD DDD", "ip pre f: policy drop" },
    { BASE ("ip", "first", "filter", "forward", "0", "accept") BASE ("ip", "second", "filter", "forward", "0", "drop"),
     "DDD DDD", "ip second f: policy drop" },
  };
  static const Row six[] = {
    { BASE ("ip6", "t", "filter", "forward", "0", "drop"), "DDD DDD", "ip6 t f: policy drop" },
    { BASE ("ip", "t", "filter", "forward", "0", "drop"), "PPP PPP" },
  };

  FULL (AF_INET, rows);
  FULL (AF_INET6, six);
}

static void
test_verdicts (void)
{
  static const Row dropping[] = {
    { "accept", "PPP PPP" },
    { "iifname \"lan\" accept; oifname \"lan\" accept", "PPP PPP" },
    { "iifname \"lan\" accept", "PPP DDD", POLICY },
    { "iifname \"docker0\" accept", "DDD DDD", POLICY },
    { "counter; log", "DDD DDD", POLICY },
  };
  static const Row accepting[] = {
    { "iifname \"lan\" drop", "DDD PPP", "ip t f: iifname \"lan\" drop" },
    { "oifname \"lan\" reject", "PPP DDD", "ip t f: oifname \"lan\" reject" },
    { "iifname \"lan\" accept; drop", "PPP DDD", "ip t f: drop" },
    { "iifname \"docker0\" drop", "PPP PPP" },
    { "iifname \"lan\" oifname != \"wlan0\" drop", "DDD PPP", "ip t f: iifname \"lan\" oifname != \"wlan0\" drop" },
    { "tcp dport 1-65535 drop; tcp dport 0 drop", "DPP DPP", "ip t f: tcp dport 1-65535 drop" },
  };

  NFT (AF_INET, dropping);
  OPEN (AF_INET, accepting);
}

static void
test_jumps (void)
{
#define USER(rules) "table ip t { chain user { " rules " }\n}\n" CHAIN ("accept")
  static const struct {
    const char *user;
    Row row;
  } rows[] = {
    { "iifname lan drop",           { "jump user", "DDD PPP", "ip t user: iifname \"lan\" drop" }                  },
    { "accept",                     { "jump user; drop", "PPP PPP" }                                               },
    { "counter",                    { "jump user; drop", "DDD DDD", "ip t f: drop" }                               },
    { "return; accept",             { "jump user; drop", "DDD DDD", "ip t f: drop" }                               },
    { "counter",                    { "goto user; drop", "PPP PPP" }                                               },
    { "drop",                       { "tcp dport 80 jump user", "PPP PPP" }                                        },
    { "tcp dport 443 accept; drop", { "tcp dport 80 jump user", "PPP PPP" }                                        },
    /* Rules speak of the same packets, or not. */
    { "tcp dport 443 accept",       { "tcp dport 80 jump user; drop", "DDD DDD", "ip t f: drop" }                  },
    { "tcp dport 80 accept",        { "tcp dport 80-90 jump user; drop", "PDD PDD", "ip t f: drop" }               },
    /* Whoever is sent there for an unknown reason is dropped either way, or passes. */
    { "drop",                       { "ether saddr 02:00:00:00:00:01 jump user; drop", "DDD DDD", "ip t f: drop" } },
    { "accept",                     { "ether saddr 02:00:00:00:00:01 jump user; accept", "PPP PPP" }               },
    { "drop",
     { "ether saddr 02:00:00:00:00:01 jump user", "??? ???", "ip t f: ether saddr 02:00:00:00:00:01 jump user" }   },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *before = g_strdup_printf ("table ip t { chain user { %s\n}\n}\n" CHAIN ("accept"), rows[i].user);

    assert_nft (before, "}\n}", AF_INET, &rows[i].row, 1);
  }
}

static void
test_matches (void)
{
  static const Row dropping[] = {
    /* Links: wildcards, lists, sets, intervals. */
    { "iifname la* accept", "PPP DDD", POLICY },
    { "iifname lax* accept", "DDD DDD", POLICY },
    { "iifname != docker0 accept", "PPP PPP" },
    { "iifname { a, lan } accept", "PPP DDD", POLICY },
    { "iifname { a, b } accept", "DDD DDD", POLICY },
    { "iifname != { a, lan } accept", "DDD PPP", POLICY },
    { "iifname . oifname { lan . eth0, a . b } accept", "PPP DDD", POLICY },
    { "iifname . oifname { lan . b, a . eth0 } accept", "DDD DDD", POLICY },
    { "iifname { a*, la* } accept", "PPP DDD", POLICY },
    /* Addresses: the whole subnet, a part of it, and others. */
    { "ip saddr 10.0.0.0/8 accept", "PPP DDD", POLICY },
    { "ip saddr 10.0.0.0/8 accept; ip daddr 10.0.0.0/8 accept", "PPP PPP" },
    { "ip saddr 10.0.0.7 accept; ip daddr 10.0.0.7 accept", "DDD DDD", POLICY },
    { "ip saddr 10.0.0.0/25 accept; ip daddr 10.0.0.0/25 accept", "PPP PPP" },
    { "ip saddr 10.0.1.0/24 accept; ip daddr 192.0.2.0/24 accept", "DDD DDD", POLICY },
    { "ip daddr { 192.0.2.1, 198.51.100.0/24 } tcp dport 443 accept", "DDD DDD", POLICY },
    { "ip daddr != 192.0.2.0/24 tcp dport 443 accept", "PDD PDD", POLICY },
    { "ip daddr != { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept; " ANSWERS, "PPP PPP" },
    { "ip saddr { 10.0.1.0/24, 172.16.0.0/12 } ip daddr != 10.0.0.0/24 accept", "DDD DDD", POLICY },
    { "ip saddr 10.0.0.5-10.0.0.200 accept; " ANSWERS, "PPP PPP" },
    { "ip saddr & 255.255.255.1 == 10.0.0.1 accept", "??? ???", "ip t f: ip saddr & 255.255.255.1 == 10.0.0.1 accept" },
    { "ip saddr . tcp dport { 10.0.0.0/24 . 80-90 } accept; ct state established accept", "PDD PPP", POLICY },
    { "ip saddr . tcp dport { 10.0.1.0/28 . 80-90 } accept", "DDD DDD", POLICY },
    /* Protocols, ports, types. */
    { "meta l4proto tcp accept", "PDD PDD", POLICY },
    { "meta l4proto { icmp, udp } accept", "DPP DPP", POLICY },
    { "ip protocol 17 accept", "DPD DPD", POLICY },
    { "udp dport 53 accept", "DPD DPD", POLICY },
    { "th dport 53 accept", "PP? PP?", "ip t f: th dport 53 accept" },
    { "icmp type echo-request accept", "DDP DDD", POLICY },
    { "icmp type { echo-reply, echo-request } accept", "DDP DDP", POLICY },
    { "icmp type destination-unreachable accept", "DDD DDD", POLICY },
    { "tcp flags syn accept", "PDD PDD", POLICY },
    { "tcp flags & (syn|ack) == syn accept", "PDD DDD", POLICY },
    { "tcp dport 22 tcp sport 1-10 accept", "PDD PDD", POLICY },
    { "tcp dport 22 tcp dport 23 accept", "DDD DDD", POLICY },
    { "tcp dport < 1024 accept", "PDD PDD", POLICY },
    { "tcp dport >= 1024 tcp dport <= 1023 accept", "DDD DDD", POLICY },
    { "tcp option maxseg size 500 accept", "?DD ?DD", "ip t f: tcp option maxseg size 500 accept" },
    /* Connections. */
    { "ct state established,related accept", "DDD PPP", POLICY },
    { "ct state new accept", "PPP DDD", POLICY },
    { "ct state { new, established } accept", "PPP PPP" },
    { "ct state vmap { established : accept, related : accept, invalid : drop }", "DDD PPP", POLICY },
    { "ct status dnat accept", "DDD DDD", POLICY },
    { "ct direction reply accept", "DDD PPP", POLICY },
    { "ct mark 1 accept", "DDD DDD", POLICY },
    { "ct helper \"ftp\" accept; " ANSWERS, "DDD PPP", POLICY },
    { "ct original ip saddr 10.0.0.0/8 accept; " ANSWERS, "PPP PPP" },
    { "ct original ip saddr 10.1.0.0/16 accept; " ANSWERS, "DDD PPP", POLICY },
    /* Marks, users, routes. */
    { "meta mark 0x40000 accept", "DDD DDD", POLICY },
    { "meta mark & 0xff == 0 accept", "PPP PPP" },
    { "meta mark 1-10 accept", "DDD DDD", POLICY },
    { "meta mark 0-10 accept", "PPP PPP" },
    { "meta mark set 7; meta mark 7 accept", "PPP PPP" },
    { "meta mark set meta mark or 0x10; meta mark 0x10 accept", "PPP PPP" },
    { "ct mark set 7; " ANSWERS "ct mark 7 accept", "PPP PPP" },
    { "ct mark set 7; ct mark 8 accept", "DDD DDD", POLICY },
    { "ct mark 7 ct mark set 8 accept", "DDD ???", POLICY },
    { "meta skuid 1000 accept", "DDD DDD", POLICY },
    { "meta skuid != 1000 accept", "DDD DDD", POLICY },
    { "fib daddr type local accept", "DDD DDD", POLICY },
    { "fib daddr type unicast accept", "PPP PPP" },
    { "fib saddr . iif oif missing accept", "DDD DDD", POLICY },
    { "meta pkttype broadcast accept", "DDD DDD", POLICY },
    { "meta ipsec exists accept", "DDD DDD", POLICY },
    { "meta length > 100 accept", "PPP PPP" },
    { "meta length > 100 meta length < 90 accept", "DDD DDD", POLICY },
    { "ip ttl 64 accept", "PPP PPP" },
    { "ip dscp cs1 accept", "PPP PPP" },
    { "ip frag-off & 0x1fff != 0 accept", "DDD DDD", POLICY },
    /* What is not known. */
    { "numgen random mod 2 0 accept", "??? ???", "ip t f: numgen random mod 2 0 accept" },
    { "ether saddr 02:00:00:00:00:01 accept", "??? ???", "ip t f: ether saddr 02:00:00:00:00:01 accept" },
    { "ether saddr 02:00:00:00:00:01 log", "DDD DDD", POLICY },
    /* Within limits. */
    { "limit rate 10/second accept", "PPP PPP" },
    { "limit rate over 10/second accept", "DDD DDD", POLICY },
    { "ct count over 10 accept", "DDD DDD", POLICY },
    { "quota 1000 mbytes accept", "PPP PPP" },
    { "quota over 1000 mbytes accept", "DDD DDD", POLICY },
    /* Maps. */
    { "iifname vmap { a : accept }", "DDD DDD", POLICY },
    { "iifname vmap { lan : accept, eth0 : accept }", "PPP PPP" },
    { "tcp dport vmap { 22 : drop, 80-90 : accept }", "PDD PDD", POLICY },
    { "tcp dport vmap { 22 : accept, * : drop }", "PDD PDD", POLICY },
    { "meta l4proto vmap { tcp : accept, icmp : drop }", "PDD PDD", POLICY },
    { "iifname . meta l4proto vmap { lan . tcp : accept, eth0 . tcp : accept }", "PDD PDD", POLICY },
  };
  static const Row accepting[] = {
    { "ip saddr 10.0.0.7 drop", "PPP PPP" },
    { "ip saddr 10.0.0.0/25 drop; ip saddr 10.0.0.128/25 drop", "DDD PPP", "ip t f: ip saddr 10.0.0.128/25 drop" },
    { "ip saddr 10.0.0.0/26 drop; ip saddr 10.0.0.129/32 drop", "PPP PPP" },
    { "ip daddr { 192.0.2.0/24, 203.0.113.7, 8.0.0.0/8 } drop", "PPP PPP" },
    { "ip saddr 10.0.0.0/16 drop", "DDD PPP", "ip t f: ip saddr 10.0.0.0/16 drop" },
    { "fib saddr . iif oif missing drop", "PPP PPP" },
    { "ct state invalid drop", "PPP PPP" },
    { "limit rate over 10/second drop", "PPP PPP" },
    { "tcp flags & (fin|syn|rst|ack) == syn ct state new limit rate over 10/second burst 20 packets drop", "PPP PPP" },
    { "numgen random mod 2 0 drop", "??? ???", "ip t f: numgen random mod 2 0 drop" },
    { "notrack", "PPP PPP" },
  };

  NFT (AF_INET, dropping);
  OPEN (AF_INET, accepting);
}

static void
test_named_sets (void)
{
#define IN_TABLE(things, rules)                                                                                        \
  "table ip t { " things                                                                                               \
  "\nchain user { accept; }\n chain f { type filter hook forward priority 0; policy drop; " rules "\n}\n}"
  static const Row rows[] = {
    { IN_TABLE ("set s { type ifname; elements = { a, lan }\n}", "iifname @s accept"), "PPP DDD", POLICY },
    { IN_TABLE ("set s { type ifname; elements = { a }\n}", "iifname @s accept"), "DDD DDD", POLICY },
    { IN_TABLE ("set s { type ifname; }", "iifname @s accept"), "DDD DDD", POLICY },
    { IN_TABLE ("set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.1-192.168.0.9 }\n}",
     "ip saddr @s accept"),
     "PPP DDD", POLICY },
    { IN_TABLE ("set s { type ipv4_addr; flags interval; elements = { 172.16.0.0/12, 255.255.255.0/24 }\n}",
     "ip saddr @s ip saddr != 172.0.0.0/8 ip saddr != 255.255.255.255 ip saddr < 255.255.255.0 accept"),
     "DDD DDD", POLICY },
    { IN_TABLE ("map m { type ifname : verdict; elements = { lan : jump user, eth0 : goto user }\n}",
     "iifname vmap @m"),
     "PPP PPP" },
    { IN_TABLE ("map m { type ifname : verdict; elements = { enp9 : accept }\n}", "iifname vmap @m"), "DDD DDD",
     POLICY },
    { IN_TABLE ("map m { type ipv4_addr . inet_service : verdict; flags interval; elements = { 10.0.0.0/8 . 80-90 : "
                "accept }\n}", "ip saddr . tcp dport vmap @m"),
     "PDD DDD", POLICY },
    { IN_TABLE ("map m { type ipv4_addr : mark; flags interval; elements = { 10.0.0.0/8 : 1 }\n}",
     "meta mark set ip saddr map @m meta mark 1 accept"),
     "??? DDD", "ip t f: meta mark set ip saddr map @m meta mark 0x00000001 accept" },
    { IN_TABLE ("set s { type ipv4_addr; flags dynamic; }",
     "add @s { ip saddr limit rate over 10/second } drop; accept"),
     "PPP PPP" },
    { IN_TABLE ("set s { type ipv4_addr; flags dynamic; }", "add @s { ip saddr limit rate 10/second } accept"),
     "PPP PPP" },
    { IN_TABLE ("counter c { }\nlimit l { rate 10/second; }", "counter name c accept"), "PPP PPP" },
    { IN_TABLE ("limit l { rate 10/second; }", "limit name l accept"), "??? ???", "ip t f: limit name \"l\" accept" },
  };

  FULL (AF_INET, rows);
}

/* A link that a packet leaves by is not known before it is routed; connections are known from some priority on; addresses
 * and the like are others before and after translation. */
static void
test_hooks (void)
{
#define AT(name, hook, priority, policy, rules)                                                                        \
  "table ip " name " { chain f { type filter hook " hook " priority " priority "; policy " policy "; " rules "\n}\n}"  \
  "\n"
#define NAT(hook, rules) "table ip n { chain f { type nat hook " hook " priority 0; policy accept; " rules "\n}\n}\n"
  static const Row rows[] = {
    { AT ("t", "prerouting", "-300", "drop", "oifname eth0 accept"), "DDD DDD", POLICY },
    { AT ("t", "prerouting", "-300", "drop", "iifname lan accept"), "PPP DDD", POLICY },
    { AT ("t", "postrouting", "0", "drop", "oifname eth0 accept"), "PPP DDD", POLICY },
    { AT ("t", "prerouting", "-300", "drop", "ct state new accept"), "DDD DDD", POLICY },
    { AT ("t", "prerouting", "-300", "accept", "ct state invalid drop"), "DDD DDD", "ip t f: ct state invalid drop" },
    { AT ("t", "prerouting", "-150", "accept", "ct state invalid drop"), "PPP PPP" },
    /* Answers are to an address of the host until that is undone. */
    { AT ("t", "prerouting", "-300", "accept", "iifname eth0 ip daddr 10.0.0.0/8 drop"), "PPP ???",
     "ip t f: iifname \"eth0\" ip daddr 10.0.0.0/8 drop" },
    { AT ("t", "prerouting", "-50", "accept", "iifname eth0 ip daddr 10.0.0.0/8 drop"), "PPP DDD",
     "ip t f: iifname \"eth0\" ip daddr 10.0.0.0/8 drop" },
    /* Marks and the like go along. */
    { AT ("p", "prerouting", "-150", "accept", "iifname lan meta mark set 9")
        AT ("t", "forward", "0", "drop", "meta mark 9 accept; " ANSWERS),
     "PPP PPP" },
    { AT ("p", "prerouting", "-150", "accept", "iifname lan tcp dport 80 meta mark set 9")
        AT ("t", "forward", "0", "drop", "meta mark 9 tcp dport 81 accept; " ANSWERS),
     "DDD PPP", POLICY },
    { AT ("p", "prerouting", "-300", "accept", "udp dport 1-65535 notrack")
        AT ("t", "forward", "0", "drop", "udp dport 0 drop; ct state new accept; " ANSWERS),
     "PDP PDP", POLICY },
    { NAT ("prerouting", "udp dport 1-65535 dnat to 192.0.2.1")
        AT ("t", "forward", "0", "drop", "ct status dnat accept; " ANSWERS),
     "DPD PPP", POLICY },
    { NAT ("prerouting", "tcp dport 0-65535 redirect to :3128"), "?PP PPP",
     "ip n f: tcp dport 0-65535 redirect to :3128" },
    { NAT ("postrouting", "ip saddr 10.0.0.0/8 masquerade")
        AT ("t", "postrouting", "150", "accept", "ip saddr 10.0.0.0/8 drop"),
     "??? PPP", "ip t f: ip saddr 10.0.0.0/8 drop" },
  };

  FULL (AF_INET, rows);
}

#define FILTER "-P FORWARD DROP;"
#define TABLES "ip filter FORWARD: policy drop"

static void
test_iptables (void)
{
  static const Row rows[] = {
    { "-P FORWARD DROP", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "DDD PPP", TABLES },
    { FILTER "-A FORWARD -m conntrack ! --ctstate NEW -j ACCEPT", "DDD PPP", TABLES },
    { FILTER "-A FORWARD -m conntrack --ctstate NEW,RELATED,ESTABLISHED -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT", "DDD PPP", TABLES },
    { FILTER "-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m conntrack --ctstate SNAT -j ACCEPT", "DDD ???", TABLES },
    { FILTER "-A FORWARD -m conntrack --ctdir ORIGINAL -j ACCEPT", "PPP DDD", TABLES },
    { FILTER "-A FORWARD -m conntrack --ctstatus ASSURED -j ACCEPT", "DDD ???", TABLES },
    { FILTER "-A FORWARD -m conntrack --ctproto tcp -j ACCEPT", "PDD PDD", TABLES },
    { FILTER "-A FORWARD -m conntrack --ctorigsrc 10.0.0.0/8 -j ACCEPT", "??? ???",
     "ip filter FORWARD: ct original saddr 10.0.0.0/8 counter accept" },
    { FILTER "-A FORWARD -p icmp -m icmp --icmp-type 8 -j ACCEPT", "DDP DDD", TABLES },
    { FILTER "-A FORWARD -p icmp -m icmp ! --icmp-type 8 -j ACCEPT", "DDD DDP", TABLES },
    { FILTER "-A FORWARD -p icmp -m icmp --icmp-type any -j ACCEPT", "DDP DDP", TABLES },
    { FILTER "-A FORWARD -p udp -m udp --dport 53 -j ACCEPT", "DPD DPD", TABLES },
    { FILTER "-A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT", "PDD PDD", TABLES },
    { FILTER "-A FORWARD -p tcp -m tcp ! --syn -j ACCEPT", "DDD PDD", TABLES },
    { FILTER "-A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK SYN -j ACCEPT", "PDD DDD", TABLES },
    { FILTER "-A FORWARD -p tcp -m multiport --dports 22,443 -j ACCEPT", "PDD PDD", TABLES },
    { FILTER "-A FORWARD -p udp -m multiport --ports 53,5000:5100 -j ACCEPT", "DPD DPD", TABLES },
    { FILTER "-A FORWARD -p tcp -m multiport ! --dports 1:65535 -m multiport ! --dports 0 -j ACCEPT", "DDD DDD",
     TABLES },
    { FILTER "-A FORWARD -p tcp -m multiport --dports 22,443 -m tcp --dport 80 -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m mark --mark 0x40000 -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m mark ! --mark 0x40000/0xff0000 -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m connmark --mark 1 -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m connmark ! --mark 1 -j ACCEPT", "PPP PPP" },
    { FILTER "-t mangle -A PREROUTING -i lan -j MARK --set-xmark 0x40000/0xff0000;"
             "-A FORWARD -m mark --mark 0x40000/0xff0000 -j ACCEPT;-A FORWARD -m state --state ESTABLISHED -j ACCEPT", "PPP PPP" },
    { FILTER "-t mangle -A PREROUTING -i lan -j MARK --set-mark 7;-t mangle -A PREROUTING -j CONNMARK --save-mark;"
             "-A FORWARD -m connmark --mark 7 -j ACCEPT", "PPP DDD", TABLES }, /* answers have no mark, which is saved as well */
    { FILTER "-t mangle -A PREROUTING -i lan -j CONNMARK --set-mark 7;-A FORWARD -m connmark --mark 7 -j ACCEPT",
     "PPP ???", "ip filter FORWARD: ct mark 0x7 counter accept" },
    { FILTER "-t raw -A PREROUTING -p udp -j CT --notrack;-A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
     "PDP PDP", TABLES },
    { FILTER "-t raw -A PREROUTING -p udp -j NOTRACK;-A FORWARD -m conntrack --ctstate UNTRACKED -j ACCEPT", "DPD DPD",
     TABLES },
    { FILTER "-A FORWARD -m addrtype --dst-type LOCAL -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m addrtype ! --dst-type LOCAL -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m addrtype --src-type UNICAST --dst-type UNICAST -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m addrtype --src-type LOCAL,UNICAST ! --dst-type LOCAL,MULTICAST -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m addrtype ! --src-type UNICAST -j ACCEPT", "DDD DDD", TABLES },
    /* Before their destination is translated it may be an address of this host. */
    { FILTER "-t mangle -A PREROUTING -m addrtype --dst-type LOCAL -j DROP;-A FORWARD -j ACCEPT", "PPP ???",
     "ip mangle PREROUTING: fib daddr type local counter drop" },
    { FILTER "-t mangle -A PREROUTING -m addrtype ! --dst-type LOCAL -j DROP;-A FORWARD -j ACCEPT", "DDD ???",
     "ip mangle PREROUTING: fib daddr type != local counter drop" },
    { FILTER "-t mangle -A PREROUTING -m addrtype --src-type LOCAL -j DROP;-A FORWARD -j ACCEPT", "PPP PPP" },
    { FILTER "-t mangle -A POSTROUTING -m addrtype --dst-type LOCAL -j DROP;-A FORWARD -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m physdev ! --physdev-is-bridged -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m physdev --physdev-in veth0 -j ACCEPT", "??? ???",
     "ip filter FORWARD: xt match physdev counter accept" },
    { FILTER "-A FORWARD -m limit --limit 3/min -j LOG", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m limit --limit 3/min -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m comment --comment hello -i eth9 -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m comment --comment hello -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m pkttype --pkt-type broadcast -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m iprange --src-range 10.0.0.5-10.0.0.250 -j ACCEPT;-A FORWARD -m state --state ESTABLISHED "
             "-j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m iprange ! --src-range 10.0.0.0-10.0.0.255 -j ACCEPT", "DDD PPP", TABLES },
    { FILTER "-A FORWARD -m policy --dir in --pol ipsec -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m connlimit --connlimit-upto 10 -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m connlimit --connlimit-above 10 -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m hashlimit --hashlimit-upto 10/s --hashlimit-name q -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m hashlimit --hashlimit-above 10/s --hashlimit-name q -j ACCEPT", "DDD DDD", TABLES },
    { FILTER "-A FORWARD -m recent --set --name q -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -m recent --rcheck --name q -j ACCEPT", "??? ???",
     "ip filter FORWARD: xt match recent counter accept" },
    { FILTER "-A FORWARD -m string --algo bm --string abc -j ACCEPT", "??? ???",
     "ip filter FORWARD: xt match string counter accept" },
    { FILTER "-A FORWARD -m helper --helper ftp -j ACCEPT", "DDD ???", TABLES },
    { "-A FORWARD -m recent --update --seconds 60 --hitcount 4 --name q -j DROP", "PPP PPP" },
    { "-A FORWARD -m string --algo bm --string abc -j DROP", "??? ???",
     "ip filter FORWARD: xt match string counter drop" },
    { "-A FORWARD -j NFQUEUE", "??? ???", "ip filter FORWARD: counter queue num 0" },
    { "-A FORWARD -m state --state ESTABLISHED -j ACCEPT;-A FORWARD -j REJECT --reject-with icmp-host-prohibited",
     "DDD PPP", "ip filter FORWARD: counter reject with icmp type host-prohibited" },
    { "-A FORWARD -i lan -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu;-A FORWARD -i lan ! -o eth1 -j DROP", "DDD PPP",
     "ip filter FORWARD: iifname \"lan\" oifname != \"eth1\" counter drop" },
    { "-N A;-A A -p tcp -j RETURN;-A A -j DROP;-A FORWARD -j A", "PDD PDD", "ip filter A: counter drop" },
  };
  static const Row six[] = {
    { FILTER "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "DDD PPP",
     "ip6 filter FORWARD: policy drop" },
    { FILTER "-A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type echo-request -j ACCEPT", "DDP DDD",
     "ip6 filter FORWARD: policy drop" },
    { FILTER "-A FORWARD -m rt --rt-type 0 -j ACCEPT", "DDD DDD", "ip6 filter FORWARD: policy drop" },
    { FILTER "-A FORWARD -m iprange --src-range fd00::1-fd00::ffff:ffff:ffff:ffff -j ACCEPT;-A FORWARD -m state "
             "--state ESTABLISHED -j ACCEPT", "PPP PPP" },
    { FILTER "-A FORWARD -s fd00:1::/64 -j ACCEPT;-A FORWARD -d fd00::/16 -j ACCEPT", "DDD PPP",
     "ip6 filter FORWARD: policy drop" },
    { "-A FORWARD -j REJECT", "DDD DDD", "ip6 filter FORWARD: counter reject" },
  };

  if (!sandbox_try ("command -v iptables-nft")) {
    g_test_skip ("no iptables here");
    return;
  }
  assert_iptables (AF_INET, rows, G_N_ELEMENTS (rows));
  assert_iptables (AF_INET6, six, G_N_ELEMENTS (six));
}

/* What takes too long is not known; nobody waits for it. */
static void
test_too_much (void)
{
  g_autoptr (GString) rules = g_string_new ("flush ruleset\ntable ip t { chain c16 { counter; }\n");
  g_autoptr (NetnsFirewallView) view = NULL;
  g_autofree char *reason = NULL, *fates = NULL, *output = NULL;

  for (int i = 15; i > 0; i--)
    g_string_append_printf (rules, "chain c%d { ip ttl 1 meta mark set %d; jump c%d; jump c%d; jump c%d; }\n", i, i,
                            i + 1, i + 1, i + 1);
  g_string_append (rules, "chain f { type filter hook forward priority 0; policy drop; jump c2; accept; }\n}");
  output = sandbox_run ("nft -f - <<'E'\n%s\nE\n", rules->str);
  view = read_view ();
  fates = judge (view, AF_INET, &reason);
  g_assert_cmpstr (fates, ==, "??? ???");
}

static void
test_drops (void)
{
  g_autofree char *output
    = sandbox_run ("nft -f - <<'E'\nflush ruleset\n"
                   "table ip t { chain unused { drop; }\n chain user { iifname c drop; }\n"
                   "map m { type ifname : verdict; elements = { a : jump mapped, b : accept }\n}\n"
                   "chain mapped { reject; }\n"
                   "chain in { type filter hook input priority 0; policy drop; drop; }\n"
                   "chain f { type filter hook forward priority 0; policy drop;\n"
                   "iifname a jump user; iifname b goto user; iifname vmap @m\n"
                   "tcp dport vmap { 22 : accept, 23 : drop }\n}\n}\n"
                   "table inet " NETNS_TABLE " { chain f { type filter hook forward priority 0; policy drop; }\n}\n"
                   "E\n");
  g_autoptr (NetnsFirewallView) view = read_view ();
  g_autoptr (GPtrArray) drops = netns_firewall_view_list_drops (view);
  g_autofree char *text = NULL;

  g_ptr_array_add (drops, NULL);
  text = g_strjoinv ("; ", (char **) drops->pdata);
  g_assert_cmpstr (text, ==,
                   "ip t in: policy drop; ip t f: policy drop; ip t user: iifname \"c\" drop; "
                   "ip t mapped: reject; ip t f: tcp dport vmap { 22 : accept, 23 : drop }");
}

static void
add_tests (void)
{
  g_test_add_func ("/walk/policies", test_policies);
  g_test_add_func ("/walk/verdicts", test_verdicts);
  g_test_add_func ("/walk/jumps", test_jumps);
  g_test_add_func ("/walk/matches", test_matches);
  g_test_add_func ("/walk/named-sets", test_named_sets);
  g_test_add_func ("/walk/hooks", test_hooks);
  g_test_add_func ("/walk/iptables", test_iptables);
  g_test_add_func ("/walk/too-much", test_too_much);
  g_test_add_func ("/walk/drops", test_drops);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
