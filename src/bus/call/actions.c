/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/actions.h"

#include "common/names.h"

#include <string.h>

/* What is around what happens in the message of a method, as in “Authentication is required to rename $(link) ($(place))”. */
#define MESSAGE_HEAD "Authentication is required to "
#define MESSAGE_TAIL " ($(place))"

/* The details that dialogs, rules and the log can use. */
static const struct {
  const char *key;
  gboolean names_change; /* is part of `change` */
  gboolean shown; /* is part of `place`, which dialogs show */
  gboolean chosen_by_service; /* may be another one when the plan is made again */
  gboolean logged;
} details_known[] = {
  { "namespace", FALSE, TRUE,  FALSE, TRUE  },
  { "owner",     FALSE, TRUE,  FALSE, TRUE  },
  { "link",      TRUE,  TRUE,  FALSE, TRUE  },
  { "kind",      FALSE, FALSE, FALSE, TRUE  },
  { "network",   TRUE,  TRUE,  FALSE, TRUE  },
  { "subnet",    TRUE,  TRUE,  TRUE,  TRUE  }, /* that of a network can be the service's own choice */
  { "protocol",  TRUE,  TRUE,  FALSE, TRUE  },
  { "port",      TRUE,  TRUE,  FALSE, TRUE  },
  { "scope",     TRUE,  TRUE,  FALSE, TRUE  },
  { "command",   FALSE, FALSE, FALSE, FALSE }, /* which can hold secrets */
  { "program",   FALSE, FALSE, FALSE, TRUE  },
};

static gboolean
distinguishes_scopes (const GDBusMethodInfo *info)
{
  static const char *const annotations[] = { "ActionForeign", "ActionHost", "ActionNat" };

  for (gsize i = 0; i < G_N_ELEMENTS (annotations); i++) {
    g_autofree char *name = g_strconcat (NETNS_INTERFACE_PREFIX, annotations[i], NULL);

    if (g_dbus_annotation_info_lookup (info->annotations, name) != NULL)
      return TRUE;
  }
  return FALSE;
}

/**
 * netns_actions_list:
 * @info: a method, with the actions that its introspection file names
 * @scope: whose things a call of it touches
 *
 * Each scope that a plan touches needs its action. A right over the host or over other users' things includes
 * the right over one's own, and NAT in a namespace includes what it does to the links there.
 *
 * Returns: (transfer container) (element-type utf8): all of them must be allowed; none means that it cannot be
 */
GPtrArray *
netns_actions_list (const GDBusMethodInfo *info, NetnsAuthScope scope)
{
  static const struct {
    NetnsAuthScope scope;
    NetnsAuthScope not_with;
    const char *annotation;
  } kinds[] = {
    { NETNS_AUTH_SCOPE_NAT,       0,                          NETNS_INTERFACE_PREFIX "ActionNat"     },
    { NETNS_AUTH_SCOPE_RAW,       0,                          NETNS_INTERFACE_PREFIX "ActionRaw"     },
    { NETNS_AUTH_SCOPE_FORWARD,   0,                          NETNS_INTERFACE_PREFIX "ActionForward" },
    { NETNS_AUTH_SCOPE_PUBLIC,    0,                          NETNS_INTERFACE_PREFIX "ActionPublic"  },
    { NETNS_AUTH_SCOPE_HOST,      NETNS_AUTH_SCOPE_NAT,       NETNS_INTERFACE_PREFIX "ActionHost"    },
    { NETNS_AUTH_SCOPE_HOST_LINK, 0,                          NETNS_INTERFACE_PREFIX "ActionHost"    },
    { NETNS_AUTH_SCOPE_FOREIGN,   0,                          NETNS_INTERFACE_PREFIX "ActionForeign" },
    { NETNS_AUTH_SCOPE_OWN,
     NETNS_AUTH_SCOPE_NAT | NETNS_AUTH_SCOPE_RAW | NETNS_AUTH_SCOPE_HOST | NETNS_AUTH_SCOPE_FOREIGN
        | NETNS_AUTH_SCOPE_FORWARD | NETNS_AUTH_SCOPE_PUBLIC,
     NETNS_INTERFACE_PREFIX "Action"                                                                 },
  };
  const char *basic = g_dbus_annotation_info_lookup (info->annotations, NETNS_INTERFACE_PREFIX "Action");
  GPtrArray *actions = g_ptr_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const char *action;

    if ((scope & kinds[i].scope) == 0 || (scope & kinds[i].not_with) != 0)
      continue;
    action = g_dbus_annotation_info_lookup (info->annotations, kinds[i].annotation);
    /* The method has one action whatever it touches; or names only the scopes that it can have. */
    if (action == NULL)
      action = kinds[i].scope == NETNS_AUTH_SCOPE_OWN || !distinguishes_scopes (info) ? basic : NULL;
    if (action == NULL) {
      g_critical ("%s affects something that it has no polkit action for", info->name);
      g_ptr_array_set_size (actions, 0); /* a question without an action is refused */
      break;
    }
    if (!g_ptr_array_find_with_equal_func (actions, action, g_str_equal, NULL))
      g_ptr_array_add (actions, (gpointer) action);
  }
  if (actions->len == 0 && scope == 0)
    g_ptr_array_add (actions, (gpointer) basic);
  return actions;
}

/* Returns: whether every user may do this: reading one's own things needs no authorization */
gboolean
netns_actions_are_public (const GPtrArray *actions)
{
  return actions->len == 1 && strcmp (g_ptr_array_index (actions, 0), "public") == 0;
}

static const char *
get_message (const GDBusMethodInfo *info)
{
  return g_dbus_annotation_info_lookup (info->annotations, NETNS_INTERFACE_PREFIX "Message");
}

/* What the message says that happens, such as “set the MTU of $(link)”. */
static char *
get_phrase (const GDBusMethodInfo *info)
{
  const char *message = get_message (info);

  if (message == NULL || !g_str_has_prefix (message, MESSAGE_HEAD) || !g_str_has_suffix (message, MESSAGE_TAIL))
    return NULL;
  return g_strndup (message + strlen (MESSAGE_HEAD), strlen (message) - strlen (MESSAGE_HEAD MESSAGE_TAIL));
}

static gboolean
names_detail (const char *message, const char *key)
{
  g_autofree char *variable = g_strdup_printf ("$(%s)", key);

  return message != NULL && strstr (message, variable) != NULL;
}

/* The method's phrase, and behind it the details that belong to the change and that the phrase does not name. */
static char *
describe_change (const GDBusMethodInfo *info, GHashTable *details)
{
  g_autofree char *phrase = get_phrase (info);
  g_auto (GStrv) parts = g_strsplit (phrase ? phrase : info->name, "$(", -1);
  GString *change = g_string_new (parts[0]);
  const char *separator = ": ";

  for (char **part = parts + 1; *parts != NULL && *part != NULL; part++) {
    gsize length = strcspn (*part, ")");
    g_autofree char *key = g_strndup (*part, length);
    const char *value = g_hash_table_lookup (details, key);

    g_string_append_printf (change, "%s%s", value ? value : "", *part + length + ((*part)[length] != '\0'));
  }
  for (gsize i = 0; i < G_N_ELEMENTS (details_known); i++) {
    const char *key = details_known[i].key, *value = g_hash_table_lookup (details, key);

    if (!details_known[i].names_change || value == NULL || *value == '\0' || names_detail (phrase, key))
      continue;
    g_string_append_printf (change, "%s%s %s", separator, key, value);
    separator = ", ";
  }
  return g_string_free (change, FALSE);
}

/* Where it happens and with what, in words of no language: this computer's name, the namespaces, the users whose they
 * are, and the details that belong to the change and that the message does not name. */
static char *
describe_place (const GDBusMethodInfo *info, NetnsAuthScope scope, GHashTable *details)
{
  g_autoptr (GString) place = g_string_new (NULL);

  if (scope & (NETNS_AUTH_SCOPE_NAT | NETNS_AUTH_SCOPE_HOST | NETNS_AUTH_SCOPE_HOST_LINK))
    g_string_append (place, g_get_host_name ());
  for (gsize i = 0; i < G_N_ELEMENTS (details_known); i++) {
    const char *key = details_known[i].key, *value = g_hash_table_lookup (details, key);

    if (details_known[i].shown && value != NULL && *value != '\0' && !names_detail (get_message (info), key))
      g_string_append_printf (place, "%s%s", place->len > 0 ? ", " : "", value);
  }
  return g_string_free (g_steal_pointer (&place), FALSE);
}

/**
 * netns_actions_get_message:
 * @info: the method
 * @action: a polkit action that it asks for
 *
 * Actions that many methods ask for have no message of their own that says what happens: the method has it. Polkit
 * translates it for the user who is asked.
 *
 * Returns: (nullable): the message of the dialog, %NULL if the action's own says more
 */
const char *
netns_actions_get_message (const GDBusMethodInfo *info, const char *action)
{
  static const char *const general[] = {
    NETNS_INTERFACE_PREFIX "configure-own",
    NETNS_INTERFACE_PREFIX "configure-foreign",
    NETNS_INTERFACE_PREFIX "configure-host",
    NETNS_INTERFACE_PREFIX "nat",
    NULL,
  };

  return g_strv_contains (general, action) ? get_message (info) : NULL;
}

/**
 * netns_actions_complete_details:
 * @info: the method
 * @scope: whose things its plan touches
 * @details: (element-type utf8 utf8): what its plan says
 *
 * Rules and dialogs can rely on each detail being there. `verb` is the method's name, for rules; `change` is a phrase that
 * says what happens and `place` where, for dialogs.
 */
void
netns_actions_complete_details (const GDBusMethodInfo *info, NetnsAuthScope scope, GHashTable *details)
{
  g_autofree char *place = describe_place (info, scope, details);
  g_autofree char *change = describe_change (info, details);

  for (gsize i = 0; i < G_N_ELEMENTS (details_known); i++)
    if (!g_hash_table_contains (details, details_known[i].key))
      g_hash_table_insert (details, g_strdup (details_known[i].key), g_strdup (""));
  g_hash_table_insert (details, g_strdup ("verb"), g_strdup (info->name));
  g_hash_table_insert (details, g_strdup ("change"), g_steal_pointer (&change));
  g_hash_table_insert (details, g_strdup ("place"), g_steal_pointer (&place));
}

/* Returns: (nullable): the detail that the log has at this place, from 0 on */
const char *
netns_actions_get_logged (guint place)
{
  for (gsize i = 0; i < G_N_ELEMENTS (details_known); i++)
    if (details_known[i].logged && place-- == 0)
      return details_known[i].key;
  return NULL;
}

/**
 * netns_actions_cover:
 * @asked: what was authorized
 * @plan: what there is to do now
 *
 * Returns: whether rules and dialogs would have seen the same of @plan, which is for the same things and touches nothing
 *   more
 */
gboolean
netns_actions_cover (const NetnsPlan *asked, const NetnsPlan *plan)
{
  for (gsize i = 0; i < G_N_ELEMENTS (details_known); i++) {
    const char *before = g_hash_table_lookup (netns_plan_get_details (asked), details_known[i].key);
    const char *now = g_hash_table_lookup (netns_plan_get_details (plan), details_known[i].key);

    if (!details_known[i].chosen_by_service && strcmp (before ? before : "", now ? now : "") != 0)
      return FALSE;
  }
  return netns_plan_has_same_identities (asked, plan)
         && (netns_plan_get_auth_scope (plan) & ~netns_plan_get_auth_scope (asked)) == 0;
}
