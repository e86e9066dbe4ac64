/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/arguments.h"
#include "client/call.h"
#include "client/failure.h"
#include "client/objects.h"
#include "common/error.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

/* What has an interface, by how many words the user names it, and what there is to say if there is no such object, or if
 * it has not that interface; `%s` is the last of these words. */
typedef struct {
  const char *interface;
  guint n_words;
  const char *kind;
  gboolean numbered;
  const char *no_object;
  const char *no_interface;
} Target;

static const Target targets[] = {
  { "Manager" },
  { "Namespace", 1, "namespace", FALSE, N_ ("There is no namespace “%s”") },
  { "Firewall", 1, "namespace", FALSE, N_ ("There is no namespace “%s”") },
  { "Link", 2 },
  { "Bridge", 2, "link", FALSE, NULL, N_ ("“%s” is not a bridge") },
  { "BridgePort", 2, "link", FALSE, NULL, N_ ("“%s” is not a port of a bridge") },
  { "Network", 1, "network", FALSE, N_ ("There is no network “%s”") },
  { "Nat", 1, "nat", TRUE, N_ ("There is no NAT with number %s") },
  { "Forward", 1, "forward", TRUE, N_ ("There is no forward with number %s") },
};

static char *
find_path (NetnsConnection *connection, const Target *target, char **words, GError **error)
{
  guint32 id;

  if (target->n_words == 0)
    return g_strdup (NETNS_PATH);
  if (target->n_words == 2)
    return netns_connection_find_link (connection, words[0], words[1], error);
  if (strcmp (target->kind, "namespace") == 0)
    return netns_path_for_namespace (words[0]);
  if (!target->numbered)
    return netns_objects_path_for_network (words[0]);
  return netns_argument_number ("ID", words[0], &id, error) ? netns_path_for_number (target->kind, id) : NULL;
}

static const Target *
find_target (const char *method)
{
  gsize length = strcspn (method, ".");

  for (gsize i = 0; i < G_N_ELEMENTS (targets); i++)
    if (strlen (targets[i].interface) == length && strncmp (targets[i].interface, method, length) == 0)
      return &targets[i];
  g_return_val_if_reached (NULL);
}

/* Returns: by how many words the user names an object that has a method such as `Link.SetMtu` */
guint
netns_call_n_target_words (const char *method)
{
  return find_target (method)->n_words;
}

/* What a service answers for an object or an interface that is not there is no text for people who use other words and
 * another language, and can be about something else, so whether the object is there is asked then. */
static char *
what_is_missing (NetnsConnection *connection, const Target *target, const char *path, const GError *error,
                 NetnsError *code)
{
  g_autoptr (NetnsObjects) objects = NULL;
  const char *method = connection->method;

  if (target->no_interface != NULL && !netns_failure_is_not_found (error)) {
    *code = NETNS_ERROR_INVALID_ARGUMENT;
    return g_strdup (_ (target->no_interface));
  }
  objects = target->no_object ? netns_objects_read (connection, NULL) : NULL;
  connection->method = method;
  if (objects == NULL || g_hash_table_contains (objects->by_path, path))
    return NULL;
  *code = NETNS_ERROR_NOT_FOUND;
  return g_strdup (_ (target->no_object));
}

/* Says so in the error of a failed call if the reason is that there is no such object, or that it is of another kind. */
void
netns_call_explain (NetnsConnection *connection, const char *method, char **words, const char *path, GError **error)
{
  const Target *target = find_target (method);
  g_autofree char *format = NULL;
  g_autoptr (GString) text = NULL;
  NetnsError code;

  if (g_error_matches (*error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE)
      || g_error_matches (*error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
      || (target->no_object != NULL
          && (g_error_matches (*error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT)
              || netns_failure_is_not_found (*error))))
    format = what_is_missing (connection, target, path, *error, &code);
  if (format != NULL) {
    text = g_string_new (format);
    g_string_replace (text, "%s", words[target->n_words - 1], 1);
    g_clear_error (error);
    g_set_error_literal (error, NETNS_ERROR, (int) code, text->str);
  }
  /* Of several that have it: who advises on failures knows the command. */
  if (g_str_has_suffix (method, ".Delete") && target->no_object != NULL) {
    g_autofree char *command = g_strconcat (target->kind, " delete", NULL);

    connection->method = g_intern_string (command);
  }
}

/* As netns_connection_change(), for a method with its interface, such as `Link.SetMtu`, of the object that @words name,
 * which may go on behind that. Saves the question whether the object is there, as long as it is. @reply_type:
 * (nullable): %NULL if there is no answer */
gboolean
netns_call (NetnsConnection *connection, const char *method, char **words, GVariant *arguments, const char *reply_type,
            GVariant **reply, GError **error)
{
  const Target *target = find_target (method);
  g_autoptr (GVariant) tuple = arguments ? g_variant_ref_sink (arguments) : NULL;
  g_autofree char *path = find_path (connection, target, words, error);
  g_autofree char *interface = g_strconcat (NETNS_INTERFACE_PREFIX, target->interface, NULL);
  g_autoptr (GError) reason = NULL;

  if (path == NULL)
    return FALSE;
  if (netns_connection_change (connection, path, interface, strchr (method, '.') + 1, tuple, NULL,
                               reply_type ? reply_type : "()", reply, &reason))
    return TRUE;
  netns_call_explain (connection, method, words, path, &reason);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}
