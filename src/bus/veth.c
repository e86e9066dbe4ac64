/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Veth. */
#include "bus/interface.h"
#include "common/names.h"
#include "introspection.h"

static const NetnsMethod methods[] = { { NULL, NULL, NULL } };

static NetnsLink *
find_peer (NetnsCore *core, const NetnsObject *object)
{
  NetnsLink *peer = netns_mirror_get_peer (netns_core_get_mirror (core), object->link);

  return peer != NULL && peer->namespace->name != NULL ? peer : NULL;
}

static GVariant *
get_peer (NetnsCore *core, const NetnsObject *object)
{
  return netns_link_to_path (find_peer (core, object));
}

static GVariant *
get_peer_namespace (NetnsCore *core, const NetnsObject *object)
{
  NetnsLink *peer = find_peer (core, object);
  g_autofree char *path = peer ? netns_path_for_namespace (peer->namespace->name) : g_strdup ("/");

  return g_variant_new_object_path (path);
}

static const NetnsProperty properties[] = {
  { "Peer", get_peer, NETNS_LINK_PEER },
  { "PeerNamespace", get_peer_namespace, NETNS_LINK_PEER },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_veth = { &netns_veth_interface, methods, properties };
