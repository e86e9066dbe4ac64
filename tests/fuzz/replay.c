/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target without a fuzzer: on its seeds, on many random changes of each, and on files that are named, such as
 * those that a fuzzer found. The random numbers are the same each time, so what fails once fails again. */
#include "fuzz.h"

#include <string.h>

#define ROUNDS 20000

static void
change (guint8 *data, gsize *size, GRand *random)
{
  guint changes = (guint) g_rand_int_range (random, 1, 6);

  for (guint i = 0; i < changes && *size > 0; i++) {
    gsize place = (gsize) g_rand_int_range (random, 0, (gint32) *size);

    switch (g_rand_int_range (random, 0, 4)) {
    case 0:
      data[place] ^= (guint8) (1u << g_rand_int_range (random, 0, 8));
      break;
    case 1:
      data[place] = (guint8) g_rand_int_range (random, 0, 256);
      break;
    case 2:
      data[place] = g_rand_boolean (random) ? 0xff : 0;
      break;
    default:
      *size = place;
    }
  }
}

static void
replay_seed (const guint8 *seed, gsize size, GRand *random)
{
  LLVMFuzzerTestOneInput (seed, size);
  for (guint round = 0; round < ROUNDS; round++) {
    /* As long as it says, so that a sanitizer sees a read past its end. */
    g_autofree guint8 *changed = g_memdup2 (seed, size);
    gsize changed_size = size;

    change (changed, &changed_size, random);
    {
      g_autofree guint8 *exact = g_memdup2 (changed, changed_size);

      LLVMFuzzerTestOneInput (exact, changed_size);
    }
  }
}

static int
replay_file (const char *path)
{
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (!g_file_get_contents (path, &contents, &size, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  LLVMFuzzerTestOneInput ((const guint8 *) contents, size);
  return 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  const guint8 *seed;
  gsize size;

  for (int i = 1; i < argc; i++)
    if (replay_file (argv[i]) != 0)
      return 1;
  for (guint number = 0; argc == 1 && (seed = netns_fuzz_get_seed (number, &size)) != NULL; number++)
    replay_seed (seed, size, random);
  return 0;
}
