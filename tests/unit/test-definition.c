/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written to /run/netnsd is read again as the same, also by the next version of the service. */
#include "core/state/binding.h"
#include "core/state/firewall.h"
#include "core/state/forward.h"
#include "core/state/loop-permit.h"
#include "core/state/nat.h"
#include "core/state/network.h"

/* As files are since version 0.1. */
static const struct {
  const NetnsDefinitionClass *class;
  const char *text;
} good[] = {
  { &netns_network_class,
   "[Network]\nName=lab\nNamespace=\nCookie=1\nOwner=1000\nIdentity=18446744073709551614\nBridge=nn-lab\nBridgeMade="
    "true\n"
    "Subnets=10.89.0.0/24;fd00::/64;\nGateways=10.89.0.1/24;fd00::1/"
    "64;\nGatewaysKept=\nRanges=\nNat=true\nUplink=\nMtuFollows=false\nShared=false\n"
    "Cured=false\nIsolated=false\nGuarded=true\nGuardGiven=false\n"                                    },
  { &netns_network_class,
   "[Network]\nName=18446744073709551615:other\nNamespace=web\nCookie=18446744073709551615\nOwner="
    "4294967295\nIdentity="
    "18446744073709551614\nBridge=br0\n"
    "BridgeMade=false\nSubnets=\nGateways=\nGatewaysKept=\nRanges=\nNat=false\nUplink=eth0\nMtuFollows=false\nShared="
    "true\nCured="
    "true\nIsolated=true\n"
    "Guarded=false\nGuardGiven=true\n"                                                                 },
  { &netns_nat_class,         "[Nat]\nName=3\nNamespace=router\nCookie=7\nOwner=0\nIdentity=18446744073709551614\nSources=192."
                      "0.2.0/24;\nUplink=wan\n"
                      "ToAddress=198.51.100.1/32\n"                               },
  { &netns_nat_class,         "[Nat]\nName=4\nNamespace=router\nCookie=7\nOwner=0\nIdentity=18446744073709551614\nSources=192."
                      "0.2.0/24;\nUplink=\nToAddress=\n"                          },
  { &netns_forward_class,
   "[Forward]\nName=12\nNamespace=web\nCookie=9\nOwner=1000\nIdentity=18446744073709551614\nProtocol="
    "sctp\nListenAddress=::1\n"
    "ListenPort=65535\nCount=1\nTargetPort=80\nScope=public\nNetwork=lab\nBridge=nn-lab\nPort=nnx1\n"
    "Address4=10.89.0.2\nAddress6=fd00::2\nAway=0.0.0.0/32;10.0.0.255/32;::/128;ff::/128;\n"           },
  { &netns_firewall_class,
   "[Firewall]\nName=77\nNamespace=web\nCookie=77\nOwner=1000\nIdentity=18446744073709551614\nDrop=input;output;\n"
    "Rules={'action': <'accept'>, 'handle': <uint64 4>, 'chain': <'input'>};\nLastHandle=9\n"          },
  { &netns_binding_class,
   "[Binding]\nName=1.veth-web-h\nNamespace=\nCookie=1\nOwner=1000\nIdentity=18446744073709551614\nPort=veth-web-h\n"
    "MacAddress=02:00:00:00:00:01\nAddresses=10.89.0.2/24;fd00::2/64;\n"                               },
  { &netns_loop_permit_class, "[Loop]\nName=18446744073709551615.7\nNamespace=\nCookie=18446744073709551615\nOwner=0\n"
                              "Identity=18446744073709551614\nIndex=7\n"  },
  { &netns_nat_class,
   "[Nat]\nName=5\nNamespace=w\\\\377\nCookie=7\nOwner=0\nIdentity=1\nSources=\nUplink=\nToAddress=\n" },
};

static const struct {
  const NetnsDefinitionClass *class;
  const char *text;
} bad[] = {
  { &netns_network_class,     "[Network]\nName=a name\nNamespace=\n"                                                 },
  { &netns_network_class,     "[Network]\nName=lab\nNamespace=\nSubnets=10.89.0.0/33;\n"                             },
  { &netns_network_class,     "Name=lab\n"                                                                           },
  { &netns_network_class,     "[Network]\nName=7:lab\nNamespace=\nCookie=7\n"                                        },
  { &netns_network_class,     "[Network]\nName=7:lab\nNamespace=web\nCookie=8\n"                                     },
  { &netns_network_class,     "[Network]\nName=7:\nNamespace=web\nCookie=7\n"                                        },
  { &netns_network_class,     "[Network]\nName=7:a:b\nNamespace=web\nCookie=7\n"                                     },
  { &netns_network_class,     "[Network]\nName=lab\nNamespace=web\n"                                                 },
  { &netns_binding_class,     "[Binding]\nName=1.x\nNamespace=\nPort=\" }; flush ruleset\n"                          },
  { &netns_loop_permit_class, "[Loop]\nName=1.7\nNamespace=\nCookie=1\nIndex=8\n"                                    },
  { &netns_nat_class,         "[Nat]\nName=1\nNamespace=\nToAddress=nowhere\n"                                       },
  { &netns_forward_class,
   "[Forward]\nName=1\nNamespace=\nProtocol=tcp\nListenPort=80\nCount=1\nTargetPort=80\nAway=10.0.0.1/32;\n"         },
  { &netns_forward_class,
   "[Forward]\nName=1\nNamespace=\nProtocol=tcp\nListenPort=80\nCount=1\nTargetPort=80\nAway=10.0.0.1/32;::1/128;\n" },
  { &netns_forward_class,     "[Forward]\nName=1\nNamespace=\nProtocol=tcp\nListenPort=0\nCount=1\nTargetPort=80\n"  },
  { &netns_forward_class,     "[Forward]\nName=1\nNamespace=\nListenPort=80\nCount=1\nTargetPort=80\n"               },
  { &netns_forward_class,
   "[Forward]\nName=1\nNamespace=\nProtocol=tcp\nListenPort=65536\nCount=1\nTargetPort=80\nScope=host\n"             },
  { &netns_forward_class,
   "[Forward]\nName=1\nNamespace=\nProtocol=icmp\nListenPort=80\nCount=1\nTargetPort=80\nScope=host\n"               },
  { &netns_firewall_class,    "[Firewall]\nName=1\nNamespace=\nDrop=prerouting;\n"                                   },
  { &netns_firewall_class,    "[Firewall]\nName=1\nNamespace=\nRules={'chain'\\: <'nowhere'>};\n"                    },
};

static void
test_round_trip (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (NetnsDefinition) definition = netns_definition_parse (good[i].class, good[i].text, &error);
    g_autoptr (NetnsDefinition) copy = NULL;
    g_autofree char *text = NULL, *copied = NULL;

    g_assert_no_error (error);
    text = netns_definition_print (definition);
    g_assert_cmpstr (text, ==, good[i].text);
    copy = netns_definition_copy (definition);
    copied = netns_definition_print (copy);
    g_assert_cmpstr (copied, ==, good[i].text);
    g_assert_cmpuint (netns_definition_compare (definition, copy), ==, 0);
  }
}

static void
test_refused (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (netns_definition_parse (bad[i].class, bad[i].text, &error));
    g_assert_nonnull (error);
  }
}

/* What is not in the file is empty, so that an older service's file can be read. */
static void
test_missing (void)
{
  g_autoptr (NetnsDefinition) definition
    = netns_definition_parse (&netns_network_class, "[Network]\nName=lab\nNamespace=\n", NULL);
  const NetnsNetwork *network = (const NetnsNetwork *) definition;

  g_assert_nonnull (network);
  g_assert_cmpstr (network->bridge, ==, "");
  g_assert_cmpstr (network->uplink, ==, "");
  g_assert_cmpuint (network->subnets->len, ==, 0);
  g_assert_false (network->nat);
}

/* An earlier version knew a network by its name alone. */
static void
test_network_names (void)
{
  static const struct {
    const char *name;
    const char *namespace_name;
    const char *kept_by;
    const char *shown;
  } networks[] = {
    { "lab",   "",    "lab",   "lab"     },
    { "lab",   "web", "7:lab", "web:lab" },
    { "7:lab", "web", "7:lab", "web:lab" },
    { "7",     "web", "7:7",   "web:7"   },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (networks); i++) {
    g_autofree char *text
      = g_strdup_printf ("[Network]\nName=%s\nNamespace=%s\nCookie=7\n", networks[i].name, networks[i].namespace_name);
    g_autoptr (NetnsDefinition) network = netns_definition_parse (&netns_network_class, text, NULL);
    g_autofree char *shown = NULL;

    g_assert_nonnull (network);
    netns_network_class.update (network);
    g_assert_cmpstr (network->name, ==, networks[i].kept_by);
    shown = netns_network_print ((const NetnsNetwork *) network);
    g_assert_cmpstr (shown, ==, networks[i].shown);
  }
}

static void
test_changes (void)
{
  g_autoptr (NetnsDefinition) network = netns_definition_parse (good[0].class, good[0].text, NULL);
  g_autoptr (NetnsDefinition) other = netns_definition_copy (network);
  g_autoptr (NetnsDefinition) forward = netns_definition_parse (good[4].class, good[4].text, NULL);
  g_autoptr (NetnsDefinition) moved = netns_definition_copy (forward);

  ((NetnsNetwork *) other)->shared = TRUE; /* no property on the bus changes */
  g_assert_cmpuint (netns_definition_compare (network, other), ==, 0);
  ((NetnsNetwork *) other)->nat = FALSE;
  g_assert_cmpuint (netns_definition_compare (network, other), ==, NETNS_NETWORK_NAT);
  ((NetnsForward *) moved)->addresses[1].family = 0;
  g_assert_cmpuint (netns_definition_compare (forward, moved), ==, NETNS_FORWARD_ADDRESSES);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/definition/round-trip", test_round_trip);
  g_test_add_func ("/definition/refused", test_refused);
  g_test_add_func ("/definition/missing", test_missing);
  g_test_add_func ("/definition/network-names", test_network_names);
  g_test_add_func ("/definition/changes", test_changes);
  return g_test_run ();
}
