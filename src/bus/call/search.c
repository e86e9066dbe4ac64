/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespaces without a name a call is about: they are looked for only when somebody asks for them. */
#include "bus/call/search.h"

#include "bus/tree/class.h"
#include "common/names.h"
#include "core/service/lookup.h"

static NetnsSearch
search_for_name (const NetnsCall *call, const char *name)
{
  if (!netns_name_is_id (name))
    return NETNS_SEARCH_NONE;
  return netns_core_find_namespace (call->core, name, NULL) != NULL ? NETNS_SEARCH_ONCE : NETNS_SEARCH_AGAIN;
}

/* An argument or option that names a namespace, or a network in it. */
static NetnsSearch
search_for_value (const NetnsCall *call, GVariant *value)
{
  g_autofree char *place = NULL;
  const char *text;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return NETNS_SEARCH_NONE;
  text = g_variant_get_string (value, NULL);
  netns_name_split_network (text, &place);
  return search_for_name (call, *place != '\0' ? place : text);
}

static NetnsSearch
search_for_options (const NetnsCall *call, GVariant *options)
{
  NetnsSearch search = NETNS_SEARCH_NONE;
  GVariantIter iter;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_loop (&iter, "{sv}", NULL, &value))
    search = MAX (search, search_for_value (call, value));
  return search;
}

/**
 * netns_search_find:
 * @call: a call
 * @method: (nullable): what it calls, if that is a method of the service's own
 *
 * Namespaces without a name go by their number: in the object's path, or in an argument.
 *
 * Returns: what must be looked for before the call can be answered
 */
NetnsSearch
netns_search_find (const NetnsCall *call, const NetnsMethod *method)
{
  g_autofree char *name = netns_object_get_namespace_name (call->path);
  NetnsSearch search = name ? search_for_name (call, name) : NETNS_SEARCH_NONE;
  GVariantIter iter;
  GVariant *argument;

  if (method != NULL && method->search != NULL)
    search = MAX (search, method->search (call));
  g_variant_iter_init (&iter, call->parameters);
  while ((argument = g_variant_iter_next_value (&iter)) != NULL) {
    search = MAX (search, g_variant_is_of_type (argument, G_VARIANT_TYPE_VARDICT) ? search_for_options (call, argument)
                                                                                  : search_for_value (call, argument));
    g_variant_unref (argument);
  }
  return search;
}
