/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/arguments.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>

/**
 * netns_usage_error:
 * @error: (out) (optional): where to put it
 * @format: what is wrong and what to type instead
 * @...: its arguments
 *
 * Returns: %FALSE, for the caller to return
 */
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

/**
 * netns_argument_namespace:
 * @text: what the user typed
 * @name: (out) (transfer none): the name on the bus
 * @error: a usage error
 *
 * An empty argument is refused although it is the host's name on the bus: it comes from shell variables that
 * were never set, and would turn a command on a namespace into one on the host.
 *
 * Returns: whether it can be one
 */
gboolean
netns_argument_namespace (const char *text, const char **name, GError **error)
{
  if (*text == '\0')
    return netns_usage_error (
        error, _ ("The name of the namespace is empty; the host namespace is called %s"), NETNS_HOST_WORD);
  *name = strcmp (text, NETNS_HOST_WORD) == 0 ? "" : text;
  return TRUE;
}

/**
 * netns_argument_for_namespace:
 * @name: name of a namespace on the bus
 *
 * Returns: (transfer none): what the user types for it
 */
const char *
netns_argument_for_namespace (const char *name)
{
  return *name == '\0' ? NETNS_HOST_WORD : name;
}

/**
 * netns_argument_number:
 * @what: what it is for, as the usage calls it
 * @text: what the user typed
 * @number: (out): its value
 * @error: a usage error
 *
 * Returns: whether it was a number
 */
gboolean
netns_argument_number (const char *what, const char *text, guint32 *number, GError **error)
{
  guint64 value;

  if (!g_ascii_isdigit (*text) || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &value, NULL))
    return netns_usage_error (error, _ ("“%s” cannot be the %s; give a number from 0 to %u"), text, what,
                              G_MAXUINT32);
  *number = (guint32)value;
  return TRUE;
}

/**
 * netns_argument_rate:
 * @text: what the user typed: a number, maybe with `kbit`, `mbit` or `gbit` behind it, or `off`
 * @bits: (out): bits per second, 0 for no limit
 * @error: a usage error
 *
 * Returns: whether it was a rate
 */
gboolean
netns_argument_rate (const char *text, guint64 *bits, GError **error)
{
  static const struct {
    const char *unit;
    guint64 factor;
  } units[] = { { "", 1 }, { "bit", 1 }, { "kbit", 1000 }, { "mbit", 1000000 }, { "gbit", 1000000000 } };
  const char *unit = text + strspn (text, "0123456789");
  g_autofree char *number = g_strndup (text, (gsize)(unit - text));
  guint64 value;

  *bits = 0;
  if (strcmp (text, "off") == 0)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    if (strcmp (unit, units[i].unit) == 0 &&
        g_ascii_string_to_unsigned (number, 10, 0, G_MAXUINT64 / units[i].factor, &value, NULL)) {
      *bits = value * units[i].factor;
      return TRUE;
    }
  return netns_usage_error (error, _ ("“%s” is no rate; give bits per second, such as 8000000, 8mbit, or off"), text);
}

/**
 * netns_argument_user:
 * @text: a user's name or number, or `-` for nobody
 * @local: whether the service has the same users as this program
 * @uid: (out): the uid
 * @error: a usage error
 *
 * Returns: whether there is such a user
 */
gboolean
netns_argument_user (const char *text, gboolean local, guint32 *uid, GError **error)
{
  const struct passwd *user;

  if (strcmp (text, "-") == 0) {
    *uid = NETNS_UID_NOBODY;
    return TRUE;
  }
  if (g_ascii_isdigit (*text))
    return netns_argument_number (_ ("user's number"), text, uid, error);
  if (!local)
    return netns_usage_error (
        error, _ ("“%s” may be somebody else on the other machine; give the user's number"), text);
  user = getpwnam (text);
  if (user == NULL)
    return netns_usage_error (error, _ ("There is no user “%s”; give a name, a number, or - for nobody"),
                              text);
  *uid = user->pw_uid;
  return TRUE;
}
