/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds a namespace, by control groups as the engines make them. */
#include "common/label.h"

#define ID    "4b1a9c6f0de28375b1f4c0aa93e7d6125f8e0c4b7a91d3e6f2085b7c9d1e3f40"
#define SHORT "4b1a9c6f0de2"
#define POD   "pod2f0c5d0e-1f9a-4f6e-8a70-8f1f7b4b8a11"

static const struct {
  const char *groups;
  const char *label;
} from_groups[] = {
  /* Docker with systemd, with cgroupfs, in version 1; its daemon itself */
  { "0::/system.slice/docker-" ID ".scope\n",                                                                         "docker " SHORT       },
  { "0::/docker/" ID "\n",                                                                                            "docker " SHORT       },
  { "12:pids:/docker/" ID "\n11:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/\n",                        "docker " SHORT       },
  { "0::/system.slice/docker-" ID ".scope/init.scope\n",                                                              "docker " SHORT       },
  { "0::/system.slice/docker.service\n",                                                                              "unit docker.service" },
  /* Podman: of root, of a user, of version 1, in a pod, and its helper, which is not inside */
  { "0::/machine.slice/libpod-" ID ".scope\n",                                                                        "podman " SHORT       },
  { "0::/machine.slice/libpod-" ID ".scope/container\n",                                                              "podman " SHORT       },
  { "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container\n",                    "podman " SHORT       },
  { "0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-" ID "\n",                 "podman " SHORT       },
  { "4:memory:/libpod_parent/libpod-" ID "\n0::/\n",                                                                  "podman " SHORT       },
  { "0::/machine.slice/libpod-conmon-" ID ".scope\n",                                                                 NULL                  },
  /* Kubernetes: containerd and CRI-O with systemd, containerd with cgroupfs, and told of systemd without it */
  { "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod2f0c5d0e_1f9a.slice/cri-containerd-" ID
    ".scope\n",                                                                                                    "containerd " SHORT   },
  { "0::/kubepods.slice/kubepods-pod2f0c5d0e_1f9a.slice/crio-" ID ".scope/container\n",                               "crio " SHORT         },
  { "0::/kubepods/besteffort/" POD "/" ID "\n",                                                                       "kubernetes " SHORT   },
  { "0::/system.slice/containerd.service/kubepods-besteffort-pod2f0c.slice:cri-containerd:" ID "\n",
   "containerd " SHORT                                                                                                                      },
  { "0::/k8s.io/" ID "\n",                                                                                            "containerd " SHORT   },
  { "0::/system.slice/nerdctl-" ID ".scope\n",                                                                        "containerd " SHORT   },
  { "0::/elsewhere/" ID "\n",                                                                                         "container " SHORT    },
  /* LXC and LXD, new and old; the process that watches it is not inside */
  { "0::/lxc.payload.web1\n",                                                                                         "lxc web1"            },
  { "0::/lxc.payload.user-1000_web1/init.scope\n",                                                                    "lxc user-1000_web1"  },
  { "9:devices:/lxc/old\n0::/\n",                                                                                     "lxc old"             },
  { "0::/lxc.monitor.web1\n",                                                                                         NULL                  },
  { "0::/lxc.payload.web1/system.slice/nginx.service\n",                                                              "lxc web1"            },
  { "0::/lxc.payload.web1/docker/" ID "\n",                                                                           "docker " SHORT       },
  /* libvirt: QEMU and LXC, new and old */
  { "0::/machine.slice/machine-qemu\\x2d1\\x2ddebian\\x2d12.scope/libvirt/emulator\n",                                "libvirt debian-12"   },
  { "0::/machine.slice/machine-lxc\\x2d4711\\x2dshop.scope\n",                                                        "libvirt shop"        },
  { "3:cpuset:/machine/qemu-2-win11.libvirt-qemu/emulator\n0::/\n",                                                   "libvirt win11"       },
  /* systemd-nspawn, from its unit and from a terminal */
  { "0::/machine.slice/systemd-nspawn@fedora\\x2d40.service/payload/init.scope\n",                                    "nspawn fedora-40"    },
  { "0::/machine.slice/machine-fedora.scope/payload\n",                                                               "machine fedora"      },
  { "0::/machine.slice/machine-qemu\\x2dless.scope\n",                                                                "machine qemu-less"   },
  /* snap and Flatpak */
  { "0::/user.slice/user-1000.slice/user@1000.service/app.slice/snap.firefox.firefox-0f3ab3a1-9f3a-4a4f.scope\n",
   "snap firefox"                                                                                                                           },
  { "0::/system.slice/snap.lxd.daemon.service\n",                                                                     "snap lxd"            },
  { "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.mozilla.firefox-2345.scope\n",
   "flatpak org.mozilla.firefox"                                                                                                            },
  { "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.example.A\\x2dB-7.scope\n",
   "flatpak org.example.A-B"                                                                                                                },
  /* units, of the system and of a user; what is in none */
  { "0::/system.slice/nginx.service\n",                                                                               "unit nginx.service"  },
  { "0::/system.slice/system-openvpn\\x2dclient.slice/openvpn-client@work.service\n",
   "unit openvpn-client@work.service"                                                                                                       },
  { "0::/user.slice/user-1000.slice/user@1000.service/app.slice/mpd.service\n",                                       "unit mpd.service"    },
  { "13:pids:/system.slice/cron.service\n1:name=systemd:/system.slice/cron.service\n0::/system.slice/cron.service\n",
   "unit cron.service"                                                                                                                      },
  { "0::/user.slice/user-1000.slice/user@1000.service/init.scope\n",                                                  NULL                  },
  { "0::/user.slice/user-1000.slice/session-3.scope\n",                                                               NULL                  },
  { "0::/\n",                                                                                                         NULL                  },
  { "0::/../../foreign\n",                                                                                            NULL                  },
  { "",                                                                                                               NULL                  },
  /* made up to deceive */
  { "0::/docker/not-an-id\n",                                                                                         NULL                  },
  { "0::/docker-4b1a9c6f0de2.scope\n",                                                                                NULL                  },
  { "0::/lxc.payload.a b\n",                                                                                          "lxc a b"             },
  { "nonsense\n::\n:::::\n",                                                                                          NULL                  },
};

static void
test_groups (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (from_groups); i++) {
    g_autofree char *label = netns_label_from_groups (from_groups[i].groups);

    g_test_message ("%s", from_groups[i].groups);
    g_assert_cmpstr (label, ==, from_groups[i].label);
  }
}

static const struct {
  const char *path;
  const char *label;
} from_mount[] = {
  { "/run/docker/netns/0123456789ab",                                  "docker 0123456789ab" },
  { "/var/run/docker/netns/0123456789ab",                              "docker 0123456789ab" },
  { "/run/docker/netns/ingress_sbox",                                  "docker ingress_sbox" },
  { "/run/user/1000/netns/netns-2f0c5d0e-1f9a-4f6e-8a70-8f1f7b4b8a11", "podman 2f0c5d0e-1f9" },
  { "/run/user/1000/netns/cni-2f0c5d0e-1f9a-4f6e-8a70-8f1f7b4b8a11",   "cni 2f0c5d0e-1f9"    },
  { "/run/netns/netns-2f0c5d0e-1f9a-4f6e-8a70-8f1f7b4b8a11",           "podman 2f0c5d0e-1f9" },
  { "/run/netns/web",                                                  NULL                  },
  { "/home/alice/docker/netns/x",                                      NULL                  },
  { "/run/docker/netns/",                                              NULL                  },
  { "/run/docker/netns/a/b",                                           NULL                  },
};

static void
test_mounts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (from_mount); i++) {
    g_autofree char *label = netns_label_from_mount (from_mount[i].path);

    g_assert_cmpstr (label, ==, from_mount[i].label);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/label/groups", test_groups);
  g_test_add_func ("/label/mounts", test_mounts);
  return g_test_run ();
}
