/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/arguments.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>

/* Returns: %FALSE, for the caller to return. @format: what is wrong and what to type instead */
gboolean
netns_usage_error (GError **error, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
  return FALSE;
}

/* Reads a namespace into its name on the bus. An empty argument is refused although it is the host's name there: it
 * comes from shell variables that were never set, and would turn a command on a namespace into one on the host. */
gboolean
netns_argument_namespace (const char *text, const char **name, GError **error)
{
  if (*text == '\0')
    return netns_usage_error (error, _ ("The name of the namespace is empty; the host namespace is called %s"),
                              NETNS_HOST_WORD);
  *name = strcmp (text, NETNS_HOST_WORD) == 0 ? "" : text;
  return TRUE;
}

/* Returns: what the user types for a namespace with that name on the bus */
const char *
netns_argument_for_namespace (const char *name)
{
  return *name == '\0' ? NETNS_HOST_WORD : name;
}

/* @what: what it is for, as the usage calls it */
gboolean
netns_argument_number (const char *what, const char *text, guint32 *number, GError **error)
{
  guint64 value;

  if (!g_ascii_isdigit (*text) || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &value, NULL))
    return netns_usage_error (error, _ ("Invalid value “%s” for %s; give a number from 0 to %u"), text, what,
                              G_MAXUINT32);
  *number = (guint32) value;
  return TRUE;
}

/* Reads a user's name or number, or `-` for nobody. @local: whether the service has the same users as this program */
gboolean
netns_argument_user (const char *text, gboolean local, guint32 *uid, GError **error)
{
  const struct passwd *user;

  if (strcmp (text, "-") == 0) {
    *uid = NETNS_UID_NOBODY;
    return TRUE;
  }
  if (g_ascii_isdigit (*text))
    return netns_argument_number (_ ("user ID"), text, uid, error);
  if (!local)
    return netns_usage_error (error, _ ("“%s” may be another user on the other machine; give the user ID"), text);
  user = getpwnam (text);
  if (user == NULL)
    return netns_usage_error (error, _ ("There is no user “%s”; give a name, a user ID, or - for nobody"), text);
  *uid = user->pw_uid;
  return TRUE;
}

static GVariant *
read_flag (const char *what, const char *text, GError **error)
{
  static const char *const on[] = { "on", "yes", "true", NULL }, *const off[] = { "off", "no", "false", NULL };

  if (g_strv_contains (on, text) || g_strv_contains (off, text))
    return g_variant_new_boolean (g_strv_contains (on, text));
  return netns_usage_null (error, _ ("Invalid value “%s” for %s; use on or off"), text, what);
}

/* In bits per second, 0 for no limit: a number, maybe with `kbit`, `mbit` or `gbit` behind it, or `off`. */
static GVariant *
read_rate (const char *text, GError **error)
{
  static const struct {
    const char *unit;
    guint64 factor;
  } units[] = {
    { "",     1          },
    { "bit",  1          },
    { "kbit", 1000       },
    { "mbit", 1000000    },
    { "gbit", 1000000000 }
  };
  const char *unit = text + strspn (text, "0123456789");
  g_autofree char *number = g_strndup (text, (gsize) (unit - text));
  guint64 value;

  if (strcmp (text, "off") == 0)
    return g_variant_new_uint64 (0);
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    if (strcmp (unit, units[i].unit) == 0
        && g_ascii_string_to_unsigned (number, 10, 0, G_MAXUINT64 / units[i].factor, &value, NULL))
      return g_variant_new_uint64 (value * units[i].factor);
  return netns_usage_null (error, _ ("Invalid rate “%s”; give bits per second, such as 8000000, 8mbit, or off"), text);
}

/**
 * netns_argument_convert:
 * @type: type of an argument on the bus; `N` for a namespace, `U` for a user, `R` for a rate, `a` for texts with commas
 * between them
 * @what: what it is for, as the usage calls it
 * @text: what the user typed
 * @local_users: whether the service has the same users as this program
 * @error: a usage error
 *
 * Returns: (transfer floating) (nullable): it on the bus
 */
GVariant *
netns_argument_convert (char type, const char *what, const char *text, gboolean local_users, GError **error)
{
  g_auto (GStrv) texts = NULL;
  const char *name;
  guint32 number;

  switch (type) {
  case 'a':
    texts = g_strsplit (text, ",", -1);
    return g_variant_new_strv ((const char *const *) texts, -1);
  case 'b':
    return read_flag (what, text, error);
  case 'q':
    if (!netns_argument_number (what, text, &number, error))
      return NULL;
    if (number <= G_MAXUINT16)
      return g_variant_new_uint16 ((guint16) number);
    return netns_usage_null (error, _ ("Invalid value “%s” for %s; give a number from 0 to %u"), text, what,
                             G_MAXUINT16);
  case 't':
    return netns_argument_number (what, text, &number, error) ? g_variant_new_uint64 (number) : NULL;
  case 'u':
    return netns_argument_number (what, text, &number, error) ? g_variant_new_uint32 (number) : NULL;
  case 'N':
    return netns_argument_namespace (text, &name, error) ? g_variant_new_string (name) : NULL;
  case 'R':
    return read_rate (text, error);
  case 'U':
    return netns_argument_user (text, local_users, &number, error) ? g_variant_new_uint32 (number) : NULL;
  default:
    return g_variant_new_string (text);
  }
}
