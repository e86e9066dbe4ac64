/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Veth. */
#include "bus/interfaces/pass.h"
#include "introspection.h"

static NetnsLink *
find_peer (NetnsCore *core, const NetnsObject *object)
{
  NetnsLink *peer = netns_mirror_get_peer (netns_core_get_mirror (core), object->link);

  return peer != NULL && peer->namespace->name != NULL ? peer : NULL;
}

NETNS_GETTER (get_peer, netns_link_to_path (find_peer (core, object)))

static GVariant *
get_peer_namespace (NetnsCore *core, const NetnsObject *object)
{
  NetnsLink *peer = find_peer (core, object);

  return netns_namespace_to_path (peer ? peer->namespace->name : NULL);
}

static const NetnsProperty properties[] = {
  { "Peer", NETNS_LINK_PEER, get_peer },
  { "PeerNamespace", NETNS_LINK_PEER, get_peer_namespace },
  { NULL },
};

const NetnsInterface netns_interface_veth = { &netns_veth_interface, netns_no_methods, properties };
