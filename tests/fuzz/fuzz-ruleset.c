/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule sets of others, as libnftables lists them: what netnsd-nft makes of them. */
#include "nft/counts.h"
#include "nft/outline.h"
#include "nft/texts.h"

#include "fuzz.h"

static void
find_texts (const char *list, gconstpointer data)
{
  g_autoptr (NetnsTexts) texts = netns_texts_new (list);

  g_free (netns_texts_find (texts, "ip", "filter", 7, "a comment"));
}

static void
compare (const char *list, gconstpointer data)
{
  netns_outline_is_same (list, list);
}

static void
count (const char *list, gconstpointer data)
{
  NetnsCount count = { .comment = "nat:1", .protocol = "tcp", .first_port = 80, .n_ports = 1, .address = "192.0.2.1" };

  netns_count_read (&count, list, NULL);
}

#define TABLE "{\"nftables\":[{\"table\":{\"family\":\"ip\",\"name\":\"filter\"}},"
#define CHAIN                                                                                                          \
  "{\"chain\":{\"family\":\"ip\",\"table\":\"filter\",\"name\":\"FORWARD\",\"handle\":1,\"type\":\"filter\","          \
  "\"hook\":\"forward\",\"prio\":0,\"policy\":\"drop\"}},"

const NetnsFuzzText netns_fuzz_texts[] = {
  { find_texts, NULL,
   "table ip filter { # handle 1\n\tchain FORWARD { # handle 2\n\t\ttype filter hook forward priority filter; policy "
    "drop;\n"
    "\t\tiifname \"lan\" counter drop comment \"a comment\" # handle 7\n\t}\n}\n" },
  { compare, NULL,
   TABLE CHAIN "{\"map\":{\"family\":\"ip\",\"name\":\"ports\",\"table\":\"filter\",\"type\":\"inet_service\","
                "\"map\":\"ipv4_addr\",\"handle\":3,\"elem\":[[80,\"192.0.2.1\"]]}}]}" },
  { count, NULL,
   TABLE "{\"rule\":{\"family\":\"ip\",\"table\":\"filter\",\"chain\":\"c\",\"handle\":9,\"comment\":\"nat:1\","
          "\"expr\":[{\"counter\":{\"packets\":1,\"bytes\":2}},{\"masquerade\":null}]}}]}" },
  { NULL },
};
