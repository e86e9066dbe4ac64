/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service does, done bare: one system call or one netlink message for each step, and nothing checked but that
 * it worked. Any failure ends the program. */
#pragma once

#include <stdint.h>

typedef struct {
  const char *name;      /* at most 15 bytes */
  const char *peer_name; /* NULL if it is no veth */
  int peer_index;        /* ifindex that the peer gets */
  int peer_namespace_fd;
  int index;  /* ifindex that it gets, 0: the kernel chooses */
  int master; /* ifindex of its bridge, 0 for none */
} SceneLink;

int scene_open_namespace (const char *name);
int scene_open_netlink (int namespace_fd);

int scene_add_namespace (const char *name);
void scene_remove_namespace (const char *name);
void scene_add_bridge (int netlink, const char *name, int index);
void scene_add_veth (int netlink, const SceneLink *link);
double scene_add_veth_timed (int netlink, const SceneLink *link);
void scene_add_alternative_name (int netlink, int index, const char *name);
void scene_remove_link (int netlink, int index);
void scene_enable (int netlink, int index);
void scene_add_address (int netlink, int index, uint32_t address, unsigned prefix);
void scene_add_default_route (int netlink, int index, uint32_t gateway);
void scene_write_setting (const char *path, const char *value);
