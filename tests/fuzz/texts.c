/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <string.h>

#define SEED_MAX 2048

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = NULL;
  guint n_texts = 0;

  if (size == 0)
    return 0;
  while (netns_fuzz_texts[n_texts].take != NULL)
    n_texts++;
  text = g_strndup ((const char *) data + 1, size - 1);
  netns_fuzz_texts[data[0] % n_texts].take (text, netns_fuzz_texts[data[0] % n_texts].data);
  return 0;
}

const guint8 *
netns_fuzz_get_seed (guint number, gsize *size)
{
  static guint8 seed[SEED_MAX];
  const NetnsFuzzText *text = &netns_fuzz_texts[number];

  if (text->take == NULL)
    return NULL;
  *size = 1 + strlen (text->seed);
  g_assert_cmpuint (*size, <=, sizeof seed);
  seed[0] = (guint8) number;
  memcpy (seed + 1, text->seed, *size - 1);
  return seed;
}
