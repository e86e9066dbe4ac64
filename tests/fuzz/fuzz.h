/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libFuzzer calls, and replay.c in its place where there is no libFuzzer. */
#pragma once

#include <glib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Returns: (nullable): input number @number to begin with, %NULL past the last one */
const guint8 *netns_fuzz_get_seed (guint number, gsize *size);

/**
 * NetnsFuzzText:
 * @take: reads a text; gets @data as well
 * @data: (nullable): for @take
 * @seed: a text to begin with
 */
typedef struct {
  void (*take) (const char *text, gconstpointer data);
  gconstpointer data;
  const char *seed;
} NetnsFuzzText;

/* Of a target whose inputs are texts (texts.c has the two functions above for it): up to one without @take. The first byte of
 * an input says which one, the others are the text. */
extern const NetnsFuzzText netns_fuzz_texts[];
