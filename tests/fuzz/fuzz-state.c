/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of /run/netnsd: what is read again can be printed and read once more, and is the same. */
#include "core/state/binding.h"
#include "core/state/firewall.h"
#include "core/state/forward.h"
#include "core/state/loop-permit.h"
#include "core/state/nat.h"
#include "core/state/network.h"

#include "fuzz.h"

static void
take (const char *text, gconstpointer data)
{
  const NetnsDefinitionClass *class = data;
  g_autoptr (NetnsDefinition) definition = netns_definition_parse (class, text, NULL), again = NULL;
  g_autofree char *printed = NULL;

  if (definition == NULL)
    return;
  printed = netns_definition_print (definition);
  again = netns_definition_parse (class, printed, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (netns_definition_compare (definition, again), ==, 0);
}

const NetnsFuzzText netns_fuzz_texts[] = {
  { take, &netns_network_class,
   "[Network]\nName=lab\nNamespace=\nCookie=1\nOwner=1000\nBridge=nn-lab\nBridgeMade=true\n"
    "Subnets=10.89.0.0/24;fd00::/64;\nGateways=10.89.0.1/24;fd00::1/64;\nNat=true\nUplink=\n" },
  { take, &netns_network_class, "[Network]\nName=7:lab\nNamespace=web\nCookie=7\nOwner=1000\nBridge=lab\n" },
  { take, &netns_nat_class,
   "[Nat]\nName=3\nNamespace=router\nCookie=7\nOwner=0\nSources=192.0.2.0/24;\nUplink=wan\n"
    "ToAddress=198.51.100.1/32\n" },
  { take, &netns_forward_class,
   "[Forward]\nName=12\nNamespace=web\nCookie=9\nOwner=1000\nProtocol=sctp\nListenAddress=::1\n"
    "ListenPort=65535\nCount=1\nTargetPort=80\nScope=public\nNetwork=lab\nBridge=nn-lab\n" },
  { take, &netns_firewall_class,
   "[Firewall]\nName=77\nNamespace=web\nCookie=77\nOwner=1000\nDrop=input;output;\n"
    "Rules={'action': <'accept'>, 'handle': <uint64 4>, 'chain': <'input'>};\nLastHandle=9\n" },
  { take, &netns_binding_class,
   "[Binding]\nName=7.veth-web-h\nNamespace=\nCookie=7\nOwner=1000\nIdentity=14941028013859656637\n"
    "Port=veth-web-h\nMacAddress=02:00:00:00:00:01\nAddresses=10.1.0.9/24;fd00::9/64;\n" },
  { take, &netns_loop_permit_class,
   "[Loop]\nName=7.12\nNamespace=web\nCookie=7\nOwner=0\nIdentity=14941028013859656637\nIndex=12\n" },
  { NULL },
};
