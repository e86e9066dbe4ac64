/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that a plan can consist of. The comment of each operation names its parameters; `link` s is a name that
 * the plan itself gave, `index` u an ifindex that was there before. */
#pragma once

#include "core/plan.h"

/* operations-namespace.c */
extern const NetnsOperation netns_operation_namespace_create; /* (none: it is the step's namespace) */
extern const NetnsOperation netns_operation_namespace_rename; /* new-name s */
extern const NetnsOperation netns_operation_namespace_owner;  /* owner u */
extern const NetnsOperation netns_operation_sysctl_set;       /* path s, value s, if-there b: a kernel may lack it */
extern const NetnsOperation netns_operation_sysctl_get;       /* path s */
extern const NetnsOperation netns_operation_nft;              /* commands s, undo s: libnftables JSON */
extern const NetnsOperation netns_operation_forwarding_enable;  /* family u: AF_INET or AF_INET6 */
extern const NetnsOperation netns_operation_forwarding_restore; /* family u */
extern const NetnsOperation netns_operation_state_write;      /* file s, contents s; without contents it is removed */

/* operations-delete.c */
extern const NetnsOperation netns_operation_namespace_check_unused; /* (none) */
extern const NetnsOperation netns_operation_namespace_delete;       /* broken b, aliases as; last */

/* operations-dns.c */
extern const NetnsOperation netns_operation_dns_set;  /* servers as, search as: files of the service's; none removes them */
extern const NetnsOperation netns_operation_dns_move; /* new-name s */

char *netns_forwarding_file_for (guint64 cookie, int family);

/* operations-rules.c */
extern const NetnsOperation netns_operation_rules_restore; /* commands s: libnftables JSON; if-damaged b; last */
extern const NetnsOperation netns_operation_ruleset_list;  /* (none) */

/* operations-forward.c */
extern const NetnsOperation netns_operation_ports_hold;         /* name s, protocol u, address s, port u, count u,
                                                                   loopback6 b, if-free b: else it only warns */
extern const NetnsOperation netns_operation_connections_forget; /* protocol u, port u, count u, target-port u, called as,
                                                                   targets as */
extern const NetnsOperation netns_operation_setting_borrow;     /* setting s, link s */
extern const NetnsOperation netns_operation_setting_return;     /* the same */
extern const NetnsOperation netns_operation_counters_read;      /* commands s */

/* operations-pass.c; network s, bridge s, uplink4 s, uplink6 s, subnets as, cure b */
extern const NetnsOperation netns_operation_firewall_pass;
extern const NetnsOperation netns_operation_firewall_unpass;

/* operations-process.c */
extern const NetnsOperation netns_operation_process_list;   /* (none) */
extern const NetnsOperation netns_operation_socket_open;    /* domain u, type u, protocol u */
extern const NetnsOperation netns_operation_namespace_open; /* (none) */
extern const NetnsOperation netns_operation_process_adopt;  /* pid u, device t, inode t */

/* operations-link.c */
extern const NetnsOperation netns_operation_link_create;           /* kind name mtu mac master-link|master-index enabled
                                                                      peer-name peer-namespace peer-mac; parent u,
                                                                      parent-namespace s, and what core/link-kind.h
                                                                      reads */
extern const NetnsOperation netns_operation_tap_create;            /* link s, owner u */
extern const NetnsOperation netns_operation_link_delete;           /* link|index; last */
extern const NetnsOperation netns_operation_link_set_enabled;      /* link|index, value b */
extern const NetnsOperation netns_operation_link_set_name;         /* link|index, value s */
extern const NetnsOperation netns_operation_link_set_mtu;          /* link|index, value u */
extern const NetnsOperation netns_operation_link_set_mac;          /* link|index, value s */
extern const NetnsOperation netns_operation_link_set_description;  /* link|index, value s */
extern const NetnsOperation netns_operation_link_set_master;       /* link|index, value u */
extern const NetnsOperation netns_operation_link_move;             /* link|index, to-namespace s, new-name s */
extern const NetnsOperation netns_operation_alternative_name_add;  /* link|index, name s */

/* operations-bridge.c */
extern const NetnsOperation netns_operation_bridge_set;              /* link|index, and keys of core/bridge.h */
extern const NetnsOperation netns_operation_forwarding_entries_list; /* link|index */

/* operations-rate.c */
extern const NetnsOperation netns_operation_rate_set; /* link|index, bits t: per second, 0 for no limit */
extern const NetnsOperation netns_operation_rate_get; /* link|index */

/* operations-neighbour.c */
extern const NetnsOperation netns_operation_neighbours_list; /* (none) */

/* operations-address.c */
extern const NetnsOperation netns_operation_address_add;    /* link|index, address s, unchecked b: no duplicate address
                                                               detection, the service knows that it is free */
extern const NetnsOperation netns_operation_address_remove; /* link|index, address s */
extern const NetnsOperation netns_operation_route_add;      /* destination s, gateway s, link s, metric u, source s,
                                                               table u */
extern const NetnsOperation netns_operation_route_remove;   /* the same */
