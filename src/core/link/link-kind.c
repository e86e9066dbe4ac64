/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/link-kind.h"

#include "common/error.h"
#include "link-kinds.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#define KIND(name) &netns_link_kind_##name,
static const NetnsLinkKind *const kinds[] = { NETNS_LINK_KINDS };

/* A kind by what the kernel calls it. Errors: `InvalidArgument` for one that another method makes, `NotSupported` for
 * any other. */
const NetnsLinkKind *
netns_link_kind_find (const char *name, GError **error)
{
  static const struct {
    const char *kind, *method;
  } others[] = {
    { "veth",   "CreateVeth"   },
    { "bridge", "CreateBridge" },
    { "tun",    "CreateTap"    },
    { "tap",    "CreateTap"    }
  };
  g_autoptr (GString) known = g_string_new (NULL);
  g_autofree char *begin = g_strndup (name, 40), *shown = g_strescape (begin, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (strcmp (kinds[i]->name, name) == 0)
      return kinds[i];
    g_string_append_printf (known, "%s%s", known->len ? ", " : "", kinds[i]->name);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    if (strcmp (others[i].kind, name) == 0)
      return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "Links of kind “%s” are created with %s", name,
                                others[i].method);
  return netns_refuse_null (error, NETNS_ERROR_NOT_SUPPORTED, "Unknown link kind “%s”; use one of: %s", shown,
                            known->str);
}

static void
add_attribute (GVariantBuilder *data, guint16 number, gconstpointer bytes, gsize size)
{
  g_variant_builder_add (data, "(q@ay)", number, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, size, 1));
}

static void
add_host (GVariantBuilder *data, const NetnsLinkAttribute *attribute, const NetnsAddress *address)
{
  if (address->family != AF_UNSPEC)
    add_attribute (data, address->family == AF_INET ? attribute->number : attribute->number6, address->bytes,
                   netns_address_size (address));
}

static void
add_short (GVariantBuilder *data, const NetnsLinkAttribute *attribute, guint16 number)
{
  if (attribute->network_order)
    number = htons (number);
  add_attribute (data, attribute->number, &number, sizeof number);
}

/* As the kernel wants it; none of the kinds has anything else yet. */
static void
add_member (GVariantBuilder *data, const NetnsLinkAttribute *attribute, const char *member)
{
  guint8 flag;

  switch (attribute->option.type) {
  case NETNS_FIELD_BOOLEAN:
    flag = *(const gboolean *) (gconstpointer) member != FALSE;
    add_attribute (data, attribute->number, &flag, sizeof flag);
    break;
  case NETNS_FIELD_UINT16:
    add_short (data, attribute, *(const guint16 *) (gconstpointer) member);
    break;
  case NETNS_FIELD_UINT32:
    if (attribute->is_short)
      add_short (data, attribute, (guint16) * (const guint32 *) (gconstpointer) member);
    else
      add_attribute (data, attribute->number, member, sizeof (guint32));
    break;
  case NETNS_FIELD_HOST:
    add_host (data, attribute, (const NetnsAddress *) (gconstpointer) member);
    break;
  default:
    g_assert_not_reached ();
  }
}

static NetnsField *
list_fields (const NetnsLinkAttribute *attributes)
{
  GArray *fields = g_array_new (TRUE, TRUE, sizeof (NetnsField));

  for (; attributes != NULL && attributes->option.name != NULL; attributes++)
    g_array_append_val (fields, attributes->option);
  return (NetnsField *) (gpointer) g_array_free (fields, FALSE);
}

/* @options: those of Manager.CreateLink, of netns_options_complete()
 * Returns: (transfer full) (nullable): what goes to the kernel in IFLA_INFO_DATA, a(qay): numbers of attributes and what
 * is in them. Error: `InvalidArgument`. */
GVariant *
netns_link_kind_read (const NetnsLinkKind *kind, GVariant *options, GError **error)
{
  g_auto (GVariantBuilder) data = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(qay)"));
  g_autofree NetnsField *fields = list_fields (kind->attributes);
  g_autofree char *record = g_malloc0 (MAX (kind->size, 1));

  if (!netns_fields_from_variant (fields, record, options, error)
      || (kind->check != NULL && !kind->check (record, options, error)))
    return NULL;
  for (const NetnsLinkAttribute *attribute = kind->attributes; attribute != NULL && attribute->option.name != NULL;
       attribute++)
    add_member (&data, attribute, record + attribute->option.offset);
  return g_variant_ref_sink (g_variant_builder_end (&data));
}
