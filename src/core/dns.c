/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/dns.h"

#include "common/dns.h"
#include "common/error.h"
#include "common/names.h"
#include "core/core.h"
#include "core/operations.h"

static gboolean
is_ours (NetnsCore *core, const char *name)
{
  const NetnsDns *dns = netns_mirror_get_dns (netns_core_get_mirror (core), name);

  return dns != NULL && dns->ours;
}

/* Seen again when the plan runs; told now, before anybody is asked for a password. */
static gboolean
check_not_foreign (NetnsCore *core, const char *name, GError **error)
{
  const NetnsDns *dns = netns_mirror_get_dns (netns_core_get_mirror (core), name);

  if (dns == NULL || dns->ours)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS,
               NETNS_ETC_DIR "/%s/resolv.conf is the administrator's own; netnsd does not touch it", name);
  return FALSE;
}

/**
 * netns_namespace_set_dns:
 * @core: the service
 * @caller: uid that asks for it
 * @name: a namespace
 * @servers: (array zero-terminated=1): addresses of name servers; none gives it the machine's again
 * @search: (array zero-terminated=1): search domains
 * @error: `NotFound`, `InvalidArgument`, `Exists`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.SetDns
 */
NetnsPlan *
netns_namespace_set_dns (NetnsCore *core, guint caller, const char *name, const char *const *servers,
                         const char *const *search, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);

  if (namespace == NULL || !netns_core_check_named (namespace, error)
      || !netns_dns_validate (servers, search, error))
    return NULL;
  if (namespace->source == NETNS_SOURCE_HOST) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "The host namespace goes by /etc/resolv.conf, which is not the service's");
    return NULL;
  }
  if (*servers != NULL && !check_not_foreign (core, namespace->name, error))
    return NULL;
  netns_plan_add (plan, &netns_operation_dns_set, namespace->name, "{'servers': <%^as>, 'search': <%^as>}", servers,
                  search);
  return g_steal_pointer (&plan);
}

/**
 * netns_dns_plan_clear:
 * @core: the service
 * @plan: a plan that makes or deletes a namespace
 * @name: a name of it
 *
 * A namespace takes its name servers with it, and one that is made does not come by those of another one that once had
 * its name.
 */
void
netns_dns_plan_clear (NetnsCore *core, NetnsPlan *plan, const char *name)
{
  if (is_ours (core, name))
    netns_plan_add (plan, &netns_operation_dns_set, name, "{'servers': <@as []>, 'search': <@as []>}");
}

/**
 * netns_dns_plan_move:
 * @core: the service
 * @plan: a plan that gives a namespace another name
 * @name: the name that it had
 * @new_name: the one that it gets
 */
void
netns_dns_plan_move (NetnsCore *core, NetnsPlan *plan, const char *name, const char *new_name)
{
  if (is_ours (core, name))
    netns_plan_add (plan, &netns_operation_dns_move, name, "{'new-name': <%s>}", new_name);
  else
    netns_dns_plan_clear (core, plan, new_name);
}
