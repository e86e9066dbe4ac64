/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that the kernel needs for the same result: no bus, no checks, no undo.
 *
 *   floor complete TIMES     the complete example, with a network of its own and its NAT
 *   floor connect TIMES      one more namespace on the first of the bridges that `populate` made
 *   floor populate FROM TO   namespaces n FROM .. n TO-1, each with a veth pair, an address and a default route
 *
 * Must run in a sandbox (tests/sandbox). Taking away what was made is not measured. */
#include "scene.h"
#include "timing.h"

#include <err.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORTS_OF_BRIDGE 250 /* the kernel allows 1023 */
#define BRIDGE_INDEX    100000
#define PAIR_INDEX      200000
#define INSIDE_INDEX    10 /* free in a new namespace */
#define LOOPBACK_INDEX  1
#define NETWORK         0x0a640000u /* 10.100.0.0 */
#define POOL_NETWORK    0x0ac80000u /* 10.200.0.0, for each further bridge 10.201.0.0 ... */
#define FORWARDING      "/proc/sys/net/ipv4/ip_forward"

/* The rules that the service makes for a network with NAT. */
static const char rules[]
  = "table inet floor {\n"
    "  set own4 { type ipv4_addr; flags interval; elements = { 10.100.0.0/24 } }\n"
    "  set own6 { type ipv6_addr; flags interval; }\n"
    "  set bridges { type ifname; elements = { \"br-internal\" } }\n"
    "  chain postrouting {\n"
    "    type nat hook postrouting priority srcnat;\n"
    "    ip saddr 10.100.0.0/24 ip daddr != @own4 oifname != \"br-internal\" masquerade comment \"network\"\n"
    "  }\n"
    "  chain forward {\n"
    "    type filter hook forward priority filter;\n"
    "    oifname \"br-internal\" ct state established,related accept comment \"network\"\n"
    "    oifname \"br-internal\" ct status dnat accept comment \"network\"\n"
    "    oifname \"br-internal\" iifname @bridges accept comment \"network\"\n"
    "    oifname \"br-internal\" reject with icmpx admin-prohibited comment \"network\"\n"
    "  }\n"
    "}\n";

static struct nft_ctx *nft;
static int host;

static void
run_nft (const char *commands)
{
  if (nft_run_cmd_from_buffer (nft, commands) != 0)
    errx (EXIT_FAILURE, "nft refused: %s", commands);
}

static int
make_namespace (const char *name)
{
  int fd = scene_add_namespace (name), netlink = scene_open_netlink (fd);

  scene_enable (netlink, LOOPBACK_INDEX);
  close (netlink);
  return fd;
}

static void
connect_inside (int fd, uint32_t address, unsigned prefix, uint32_t gateway)
{
  int netlink = scene_open_netlink (fd);

  scene_add_address (netlink, INSIDE_INDEX, address, prefix);
  scene_enable (netlink, INSIDE_INDEX);
  scene_add_default_route (netlink, INSIDE_INDEX, gateway);
  close (netlink);
}

static void
make_pair (const char *name, int index, int bridge, int fd)
{
  SceneLink link = {
    .name = name,
    .index = index,
    .master = bridge,
    .peer_name = "eth0",
    .peer_index = INSIDE_INDEX,
    .peer_namespace_fd = fd,
  };

  scene_add_veth (host, &link);
}

static void
make_network (void)
{
  scene_add_bridge (host, "br-internal", BRIDGE_INDEX - 1);
  scene_add_address (host, BRIDGE_INDEX - 1, NETWORK + 1, 24);
  timing_lap ("bridge");
  scene_write_setting (FORWARDING, "1");
  timing_lap ("forwarding");
  run_nft (rules);
  timing_lap ("nft");
}

static void
remove_network (void)
{
  run_nft ("delete table inet floor");
  scene_write_setting (FORWARDING, "0");
  scene_remove_link (host, BRIDGE_INDEX - 1);
}

static void
repeat (int times, int whole)
{
  for (int i = 0; i < times; i++) {
    uint32_t network = whole ? NETWORK : POOL_NETWORK;
    int fd;

    timing_rest ();
    timing_start ();
    if (whole)
      make_network ();
    fd = make_namespace ("webserver");
    timing_lap ("namespace");
    make_pair ("veth-web-00", PAIR_INDEX - 1, whole ? BRIDGE_INDEX - 1 : BRIDGE_INDEX, fd);
    scene_add_alternative_name (host, PAIR_INDEX - 1, "veth-webserver-h");
    timing_lap ("veth");
    connect_inside (fd, network + 0xfe, whole ? 24 : 16, network + 1);
    timing_lap ("inside");
    timing_stop ();
    /* The descriptor stays open: the death of a namespace would disturb the next repetition. */
    scene_remove_link (host, PAIR_INDEX - 1);
    scene_remove_namespace ("webserver");
    if (whole)
      remove_network ();
  }
}

static void
populate (int from, int to)
{
  for (int i = from; i < to; i++) {
    int pool = i / PORTS_OF_BRIDGE, member = i % PORTS_OF_BRIDGE, fd;
    uint32_t network = POOL_NETWORK + ((uint32_t) pool << 16);
    char name[8], link_name[16];

    snprintf (name, sizeof name, "pool%u", (unsigned) pool % 100);
    if (member == 0)
      scene_add_bridge (host, name, BRIDGE_INDEX + pool);
    snprintf (name, sizeof name, "n%05u", (unsigned) i % 100000);
    snprintf (link_name, sizeof link_name, "veth-%s-h", name);
    fd = make_namespace (name);
    make_pair (link_name, PAIR_INDEX + i, BRIDGE_INDEX + pool, fd);
    connect_inside (fd, network + 0x100 + (uint32_t) member, 16, network + 1);
    close (fd);
  }
}

int
main (int argc, char **argv)
{
  const char *mode = argc > 2 ? argv[1] : "";

  host = scene_open_netlink (-1);
  nft = nft_ctx_new (NFT_CTX_DEFAULT);
  if (strcmp (mode, "populate") == 0 && argc == 4)
    populate (atoi (argv[2]), atoi (argv[3]));
  else if (strcmp (mode, "complete") == 0 || strcmp (mode, "connect") == 0)
    repeat (atoi (argv[2]), strcmp (mode, "complete") == 0);
  else
    errx (2, "usage: floor complete|connect TIMES | populate FROM TO");
  return EXIT_SUCCESS;
}
