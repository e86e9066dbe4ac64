/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives libFuzzer the inputs to begin with, which it would else look for in files: now and then in place of a change. */
#include "fuzz.h"

#include <string.h>

#define RARELY 64

size_t LLVMFuzzerMutate (guint8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned int random);

size_t
LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned int random)
{
  guint n_seeds = 0;
  const guint8 *seed;
  gsize seed_size;

  while (netns_fuzz_get_seed (n_seeds, &seed_size) != NULL)
    n_seeds++;
  if (n_seeds > 0 && random % RARELY == 0) {
    seed = netns_fuzz_get_seed (random / RARELY % n_seeds, &seed_size);
    if (seed_size <= max_size) {
      memcpy (data, seed, seed_size);
      return seed_size;
    }
  }
  return LLVMFuzzerMutate (data, size, max_size);
}
