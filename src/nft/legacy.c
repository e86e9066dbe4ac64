/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/legacy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE_MAX_NAMES 1024 /* the kernel has five tables */

static const struct {
  int family;
  const char *word;
  const char *path;
} kinds[] = {
  { AF_INET,  "ip",  "/proc/thread-self/net/ip_tables_names"  },
  { AF_INET6, "ip6", "/proc/thread-self/net/ip6_tables_names" },
};

static char names[G_N_ELEMENTS (kinds)][SIZE_MAX_NAMES];

/* Reads the names of the tables in this namespace, as root. Where there is no such file, there are none; what cannot be read
 * may be some. */
void
netns_legacy_read (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    int fd = open (kinds[i].path, O_RDONLY | O_CLOEXEC);
    gssize count = fd >= 0 ? read (fd, names[i], sizeof names[i] - 1) : 0;

    names[i][MAX (count, 0)] = '\0';
    if (count < 0 || (fd < 0 && errno != ENOENT))
      g_strlcpy (names[i], "tables", sizeof names[i]);
    if (fd >= 0)
      close (fd);
  }
}

/* Returns: (transfer full) (nullable): such as `ip filter, nat: rules of iptables-legacy are not read`, %NULL if there are no
 * tables */
char *
netns_legacy_describe (int family)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_auto (GStrv) lines = kinds[i].family == family ? g_strsplit (g_strchomp (names[i]), "\n", -1) : NULL;
    g_autofree char *list = lines ? g_strjoinv (", ", lines) : NULL;

    if (list != NULL && *list != '\0')
      return g_strdup_printf ("%s %s: rules of iptables-legacy are not read", kinds[i].word, list);
  }
  return NULL;
}
