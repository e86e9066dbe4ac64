/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Name servers of a namespace as resolv.conf(5) and nsswitch.conf(5) have them: text in, text out. */
#pragma once

#include <glib.h>

#define NETNS_DNS_MAX_SERVERS      3   /* MAXNS of resolv.h: further ones are not asked */
#define NETNS_DNS_MAX_SEARCH       6   /* MAXDNSRCH of glibc before 2.26, which ignored further ones */
#define NETNS_DNS_MAX_SEARCH_BYTES 255 /* with the spaces: what musl keeps (256 with the end), and that glibc */

/**
 * NetnsDns:
 * @servers: addresses of name servers
 * @search: domains to look in for names without dots
 * @ours: whether the service wrote the file
 * @identity: (nullable): of the namespace that the service wrote it for; %NULL also for files of earlier versions
 */
typedef struct {
  char **servers;
  char **search;
  gboolean ours;
  char *identity;
} NetnsDns;

gboolean netns_dns_validate (const char *const *servers, const char *const *search, GError **error);
gboolean netns_dns_is_ours (const char *contents);
NetnsDns *netns_dns_parse (const char *contents);
void netns_dns_free (NetnsDns *dns);
char *netns_dns_get_identity (const char *contents);
char *netns_dns_print_resolv_conf (const char *identity, const char *const *servers, const char *const *search);
char *netns_dns_print_nsswitch_conf (const char *identity, const char *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDns, netns_dns_free)
