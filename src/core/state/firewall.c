/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/firewall.h"

const char *const netns_firewall_chains[NETNS_FIREWALL_N_CHAINS + 1] = { "input", "forward", "output", NULL };

static const NetnsWord chains[] = {
  { "input",   NETNS_FIREWALL_INPUT   },
  { "forward", NETNS_FIREWALL_FORWARD },
  { "output",  NETNS_FIREWALL_OUTPUT  },
  { NULL,      0                      },
};

/* Returns: (transfer full) (element-type GVariant): no rules */
GPtrArray *
netns_firewall_rules_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
}

static const NetnsField fields[] = {
  { "Drop", NETNS_FIELD_FLAGS, offsetof (NetnsFirewall, drop), chains, .change = NETNS_FIREWALL_RULES },
  { "Rules", NETNS_FIELD_DICTS, offsetof (NetnsFirewall, rules), .change = NETNS_FIREWALL_RULES },
  { "LastHandle", NETNS_FIELD_UINT64, offsetof (NetnsFirewall, last_handle) },
  { NULL }
};

/* Brings the rules into their one form again. */
static gboolean
check_firewall (NetnsDefinition *definition, GError **error)
{
  NetnsFirewall *firewall = (NetnsFirewall *) definition;

  for (guint i = 0; i < firewall->rules->len; i++) {
    gpointer *place = &g_ptr_array_index (firewall->rules, i);
    GVariant *checked;
    guint64 handle = 0;

    g_variant_lookup (*place, "handle", "t", &handle);
    checked = netns_firewall_rule_check (*place, handle, error);
    if (checked == NULL)
      return FALSE;
    g_variant_unref (*place);
    *place = checked;
  }
  return TRUE;
}

const NetnsDefinitionClass netns_firewall_class = {
  .folder = "firewalls",
  .group = "Firewall",
  .size = sizeof (NetnsFirewall),
  .fields = fields,
  .check = check_firewall,
};

/* Returns: whether it is as if there were none */
gboolean
netns_firewall_is_empty (const NetnsFirewall *firewall)
{
  for (guint i = 0; i < NETNS_FIREWALL_N_CHAINS; i++)
    if (firewall->drop[i])
      return FALSE;
  return firewall->rules->len == 0;
}
