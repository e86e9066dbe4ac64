/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl dns */
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "dns-servers", N_ ("Servers"), NETNS_INTERFACE_NAMESPACE, "DnsServers" },
  { "dns-search", N_ ("Search"), NETNS_INTERFACE_NAMESPACE, "DnsSearch" },
  { NULL },
};

/* Without servers. */
static const NetnsVerb show = { .shows = NETNS_INTERFACE_NAMESPACE, .columns = columns };

/* A lone dash stands for none, as it does for the owner of a namespace. */
static gboolean
dns (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  const char *const none[] = { NULL };
  const char *const *servers = (const char *const *) arguments + 1;
  g_autofree const char **search = NULL;

  g_variant_lookup (options, "search", "^a&s", &search);
  if (*servers == NULL && search == NULL)
    return netns_verb_run (connection, &show, arguments, options, error);
  if (*servers != NULL && strcmp (*servers, "-") == 0 && servers[1] == NULL)
    servers = none;
  return netns_call (connection, "Namespace.SetDns", arguments,
                     g_variant_new ("(^as^as)", servers, search ? search : (const char **) none), NULL, NULL, error);
}

static const NetnsOption options_of_dns[] = {
  { "--search", 0, "DOMAIN", "search", NETNS_OPTION_LIST, N_ ("Search domain for names without a dot") },
  { NULL },
};

const NetnsVerb netns_dns_verbs[] = {
  { "", 1, NETNS_ANY_NUMBER, "NS [SERVER]...",
   N_ ("Show or set the name servers of a namespace; “-” uses those of the host again"), dns, options_of_dns },
  { NULL },
};
