/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/dns.h"

#include "common/dns.h"
#include "common/error.h"
#include "common/names.h"
#include "core/namespace/dns-steps.h"
#include "core/service/core.h"
#include "core/service/auth-scope.h"

static gboolean
is_ours (NetnsCore *core, const char *name)
{
  const NetnsDns *dns = netns_mirror_get_dns (netns_core_get_mirror (core), name);

  return dns != NULL && dns->ours;
}

/* Checked again when the plan runs; checked here, before the authorization. */
static gboolean
check_not_foreign (NetnsCore *core, const char *name, GError **error)
{
  const NetnsDns *dns = netns_mirror_get_dns (netns_core_get_mirror (core), name);

  if (dns == NULL || dns->ours)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_EXISTS,
                       NETNS_ETC_DIR "/%s/resolv.conf was not created by netnsd; not overwriting it", name);
}

/* The plan for method Namespace.SetDns; no servers give it the machine's again. Errors: `NotFound`, `InvalidArgument`,
 * `Exists`. */
NetnsPlan *
netns_namespace_set_dns (NetnsCore *core, guint caller, const char *name, const char *const *servers,
                         const char *const *search, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);

  if (namespace == NULL || !netns_core_check_named (namespace, error) || !netns_dns_validate (servers, search, error))
    return NULL;
  if (namespace->source == NETNS_SOURCE_HOST)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT,
                              "DNS of the host namespace is not managed by netnsd (see /etc/resolv.conf)");
  if (*servers != NULL && !check_not_foreign (core, namespace->name, error))
    return NULL;
  netns_plan_dns_set (plan, namespace->name, &(NetnsDnsSet) { .servers = servers, .search = search });
  return g_steal_pointer (&plan);
}

/* A namespace takes its name servers with it, and one that is made does not come by those of another one that once had
 * its name. */
void
netns_dns_plan_clear (NetnsCore *core, NetnsPlan *plan, const char *name)
{
  if (is_ours (core, name))
    netns_plan_dns_set (plan, name, &(NetnsDnsSet) { 0 });
}

/* Name servers go with a namespace that gets another name. */
void
netns_dns_plan_move (NetnsCore *core, NetnsPlan *plan, const char *name, const char *new_name)
{
  if (is_ours (core, name))
    netns_plan_dns_move (plan, name, &(NetnsDnsMove) { .new_name = new_name });
  else
    netns_dns_plan_clear (core, plan, new_name);
}
