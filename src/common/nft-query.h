/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service asks netnsd-nft, the program that libnftables runs in: lists of the rules of a namespace, and the
 * messages that commands become. Parameter and answer are serialized GVariants, which may come from anybody: whatever the
 * bytes are, they are a value of the type that is given here. */
#pragma once

#include <glib.h>

/* An answer is at most so long: it travels in a message of the bus. */
#define NETNS_QUERY_ANSWER_MAX (4 * 1024 * 1024)

/**
 * NetnsNftStatus:
 * @NETNS_NFT_ANSWERED: it printed the answer
 * @NETNS_NFT_NO_MEMORY: libnftables got no memory (NFT_EXIT_NOMEM of its utils.h)
 * @NETNS_NFT_REFUSED: it printed why not, as text
 * @NETNS_NFT_NOT_SUPPORTED: the kernel has no nf_tables
 * @NETNS_NFT_TOO_LARGE: the answer would be too long
 *
 * Exit status of netnsd-nft.
 */
typedef enum {
  NETNS_NFT_ANSWERED = 0,
  NETNS_NFT_NO_MEMORY = 2,
  NETNS_NFT_REFUSED = 10,
  NETNS_NFT_NOT_SUPPORTED = 11,
  NETNS_NFT_TOO_LARGE = 12,
} NetnsNftStatus;

/**
 * NetnsNftQuery:
 * @name: the argument of netnsd-nft
 * @parameter: (nullable): type of its parameter
 * @answer: type of what it prints
 * @in_namespace: whether it looks at the rules of a namespace; else it works in an empty one of its own
 */
typedef struct {
  const char *name;
  const char *parameter;
  const char *answer;
  gboolean in_namespace;
} NetnsNftQuery;

/* The rules in our table that commands make, in nft's own words: (commands) -> for each chain its rules */
extern const NetnsNftQuery netns_query_texts;
/* The complete ruleset as JSON, with handles */
extern const NetnsNftQuery netns_query_ruleset;
/* Policies and rules, as Firewall.ListRules answers */
extern const NetnsNftQuery netns_query_rules;
/* Where firewalls of others may drop what is forwarded: policies and rules with family, table and chain */
extern const NetnsNftQuery netns_query_drops;
/* Whether packets pass firewalls of others: (passages, chains, link, cure) -> the rule or policy that is to blame if packets of
 * one of TCP, UDP and ICMP do not, on one of the passages, empty if some of each pass; which protocols that are, such as `TCP
 * and UDP`, empty for all; whether none of them passes for sure, or that is not known because of that rule; in which of the
 * chains rules that accept all packets of the link are needed. That is looked for with cure only, and then the other answers
 * are for a firewall that has these rules. A passage: incoming link, outgoing link, empty for any, source, destination, empty
 * for any, family, the same for all, whether it is an answer; else the packets are the first ones of connections. A chain:
 * family, table, name */
extern const NetnsNftQuery netns_query_passages;
/* Our rules in chains of others: (what their comment begins with, chains) -> the rest of the comment, family, table, chain and
 * handle of each. A rule counts only if it is of the form that this service gives its own in chains of others: a link, a
 * counter, accept */
extern const NetnsNftQuery netns_query_find_rules;
/* Whether our tables are as commands make them, a line of JSON, and further lines in the language of nft for that of
 * family bridge: (commands) -> whether all their parts are there, and no others */
extern const NetnsNftQuery netns_query_compare;
/* Packets and bytes in the counters of rules of our table: (chain, comment) */
extern const NetnsNftQuery netns_query_count_rules;
/* The same of elements of a set of our table: (set, protocol, first port, number of ports, address, empty for any) */
extern const NetnsNftQuery netns_query_count_elements;

const NetnsNftQuery *netns_query_find (const char *name);

/* Another netnsd-nft, which stays, turns commands into the messages that libnftables would send for them. Over its standard
 * input it gets a head and a serialized GVariant, (frame, commands), and answers with a head and the message, or why there
 * is none. The frame, empty for none, makes what the commands need to be there; it is no part of the message. */
#define NETNS_COMPILER         "compiler"
#define NETNS_COMPILER_REQUEST "(ss)"

/**
 * NetnsCompilerHead:
 * @status: of an answer: %NETNS_NFT_ANSWERED or %NETNS_NFT_REFUSED
 * @size: how many bytes follow
 */
typedef struct {
  guint32 status;
  guint32 size;
} NetnsCompilerHead;
