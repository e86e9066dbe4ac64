/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/protocol.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

const NetnsProtocol netns_protocols[NETNS_N_PROTOCOLS] = {
  { "tcp",     IPPROTO_TCP,     AF_UNSPEC, TRUE  },
  { "udp",     IPPROTO_UDP,     AF_UNSPEC, TRUE  },
  { "sctp",    IPPROTO_SCTP,    AF_UNSPEC, TRUE  },
  { "dccp",    IPPROTO_DCCP,    AF_UNSPEC, TRUE  },
  { "udplite", IPPROTO_UDPLITE, AF_UNSPEC, TRUE  },
  { "icmp",    IPPROTO_ICMP,    AF_INET,   FALSE },
  { "icmpv6",  IPPROTO_ICMPV6,  AF_INET6,  FALSE },
  { "esp",     IPPROTO_ESP,     AF_UNSPEC, FALSE },
  { "ah",      IPPROTO_AH,      AF_UNSPEC, FALSE },
  { "gre",     IPPROTO_GRE,     AF_UNSPEC, FALSE },
};

const NetnsWord netns_forwarded_protocols[] = {
  { "tcp",  IPPROTO_TCP  },
  { "udp",  IPPROTO_UDP  },
  { "sctp", IPPROTO_SCTP },
  { NULL,   0            },
};

/* Returns: (nullable): the protocol of that name */
const NetnsProtocol *
netns_protocol_find (const char *name)
{
  for (gsize i = 0; i < NETNS_N_PROTOCOLS; i++)
    if (strcmp (netns_protocols[i].name, name) == 0)
      return &netns_protocols[i];
  return NULL;
}

/* Returns: the name of one that has a row in #netns_protocols */
const char *
netns_protocol_print (guint number)
{
  for (gsize i = 0; i < NETNS_N_PROTOCOLS; i++)
    if (netns_protocols[i].number == number)
      return netns_protocols[i].name;
  g_assert_not_reached ();
}
