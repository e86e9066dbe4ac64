/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/compiler.h"

#include "common/nft-query.h"
#include "nft/library.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* A process more that nobody needs for so long ends; the service starts it again. */
#define IDLE 10000 /* ms */

static gboolean
read_all (int socket, gpointer data, gsize size)
{
  for (gsize done = 0; done < size;) {
    gssize count = read (socket, (char *) data + done, size - done);

    if (count == 0 || (count < 0 && errno != EINTR))
      return FALSE;
    done += (gsize) MAX (count, 0);
  }
  return TRUE;
}

static gboolean
write_all (int socket, gconstpointer data, gsize size)
{
  for (gsize done = 0; done < size;) {
    gssize count = write (socket, (const char *) data + done, size - done);

    if (count < 0 && errno != EINTR)
      return FALSE;
    done += (gsize) MAX (count, 0);
  }
  return TRUE;
}

static GVariant *
read_request (int socket)
{
  NetnsCompilerHead head;
  gpointer data;

  if (!read_all (socket, &head, sizeof head))
    return NULL;
  data = g_malloc (head.size);
  if (read_all (socket, data, head.size))
    return g_variant_ref_sink (
      g_variant_new_from_data (G_VARIANT_TYPE (NETNS_COMPILER_REQUEST), data, head.size, FALSE, g_free, data));
  g_free (data);
  return NULL;
}

/* Frames are made once: they are few, and each costs a transaction. */
static GBytes *
compile (GVariant *request, GHashTable *frames, GError **error)
{
  const char *frame, *commands;

  g_variant_get (request, "(&s&s)", &frame, &commands);
  if (*frame != '\0' && !g_hash_table_contains (frames, frame)) {
    if (!netns_library_apply (frame, error))
      return NULL;
    g_hash_table_add (frames, g_strdup (frame));
  }
  return netns_library_compile (commands, error);
}

static gboolean
answer (int socket, GVariant *request, GHashTable *frames)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = compile (request, frames, &error);
  gconstpointer data = message ? g_bytes_get_data (message, NULL) : error->message;
  gsize size = message ? g_bytes_get_size (message) : strlen (error->message);
  const NetnsCompilerHead head = { message ? NETNS_NFT_ANSWERED : NETNS_NFT_REFUSED, (guint32) size };

  return write_all (socket, &head, sizeof head) && write_all (socket, data, size);
}

static gboolean
wait_for_request (int socket)
{
  struct pollfd polled = { socket, POLLIN, 0 };
  int ready;

  do
    ready = poll (&polled, 1, IDLE);
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

/* Answers what comes over @socket until nothing comes any longer, and ends the process. */
void
netns_compiler_serve (int socket)
{
  g_autoptr (GHashTable) frames = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean goes_on = TRUE;

  while (goes_on && wait_for_request (socket)) {
    g_autoptr (GVariant) request = read_request (socket);

    goes_on = request != NULL && answer (socket, request, frames);
  }
  _exit (NETNS_NFT_ANSWERED);
}
