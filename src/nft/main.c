/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsd-nft QUERY: answers one question about the rules of a namespace, and ends. Started by the service with the
 * namespace as standard input, a pipe as standard output, and a file with the parameter as descriptor 3; for nobody
 * else.
 *
 * netnsd-nft compiler: says in an empty namespace what commands become. Its standard input is a socket. */
#include "common/error.h"
#include "nft/answers.h"
#include "nft/compiler.h"
#include "nft/library.h"
#include "nft/links.h"
#include "nft/sandbox.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARAMETER_FD 3

static GVariant *
read_parameter (const NetnsNftQuery *query, GError **error)
{
  struct stat status;
  gpointer data;
  gssize length;

  if (query->parameter == NULL)
    return NULL;
  if (fstat (PARAMETER_FD, &status) < 0 || !S_ISREG (status.st_mode)) {
    netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "This program is for netnsd only");
    return NULL;
  }
  data = g_malloc ((gsize) status.st_size);
  length = pread (PARAMETER_FD, data, (gsize) status.st_size, 0);
  if (length < 0 || length != status.st_size) {
    netns_error_set_errno (error, errno, "Cannot read the parameter");
    return NULL;
  }
  return g_variant_ref_sink (
    g_variant_new_from_data (G_VARIANT_TYPE (query->parameter), data, (gsize) length, FALSE, g_free, data));
}

static void
print (gconstpointer data, gsize length)
{
  for (gsize done = 0; done < length;) {
    gssize written = write (STDOUT_FILENO, (const char *) data + done, length - done);

    if (written < 0 && errno != EINTR)
      _exit (NETNS_NFT_TOO_LARGE); /* nobody reads any longer */
    done += (gsize) MAX (written, 0);
  }
}

static GVariant *
answer (const NetnsNftQuery *query, GError **error)
{
  g_autoptr (GVariant) parameter = read_parameter (query, error);

  if ((query->parameter != NULL && parameter == NULL) || !netns_library_is_there (error)
      || !(query->in_namespace ? netns_sandbox_enter (STDIN_FILENO, error) : netns_sandbox_enter_empty (error)))
    return NULL;
  close (STDIN_FILENO);
  if (!netns_sandbox_limit (TRUE, error) || (query->in_namespace && !netns_links_read (error))
      || !netns_sandbox_lock (error))
    return NULL;
  return netns_answer (query, parameter, error);
}

static void
serve (void)
{
  g_autoptr (GError) error = NULL;

  if (netns_library_is_there (&error) && netns_sandbox_enter_empty (&error) && netns_sandbox_limit (FALSE, &error)
      && netns_sandbox_lock (&error))
    netns_compiler_serve (STDIN_FILENO);
  _exit (g_error_matches (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED) ? NETNS_NFT_NOT_SUPPORTED : NETNS_NFT_REFUSED);
}

/* Nothing is freed or looked for at the end: what a sanitizer does there is not allowed here. */
int
main (int argc, char **argv)
{
  const NetnsNftQuery *query = argc == 2 ? netns_query_find (argv[1]) : NULL;
  g_autoptr (GError) error = NULL;
  const gboolean compiles = argc == 2 && strcmp (argv[1], NETNS_COMPILER) == 0;
  GVariant *value;

  if (query == NULL && !compiles) {
    g_printerr ("netnsd-nft is for netnsd only\n");
    return 2;
  }
  if (close_range (compiles ? PARAMETER_FD : PARAMETER_FD + 1, ~0U, 0) < 0)
    return 2;
  if (compiles)
    serve ();
  value = answer (query, &error);
  if (value == NULL) {
    print (error->message, strlen (error->message));
    _exit (g_error_matches (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED) ? NETNS_NFT_NOT_SUPPORTED
                                                                           : NETNS_NFT_REFUSED);
  }
  if (g_variant_get_size (value) > NETNS_QUERY_ANSWER_MAX)
    _exit (NETNS_NFT_TOO_LARGE);
  print (g_variant_get_data (value), g_variant_get_size (value));
  _exit (NETNS_NFT_ANSWERED);
}
