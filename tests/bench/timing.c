/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timing.h"

#include <glib.h>
#include <stdio.h>
#include <time.h>

/* nf_tables frees what a transaction replaced some milliseconds later, and the next one waits for that. Linkwatch and
 * addrconf have work left, too. It is not part of what is measured. */
#define REST (40 * G_TIME_SPAN_MILLISECOND)

static double started, lap_started;

/* Microseconds, from some time on. */
double
timing_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec * 1e6 + (double) now.tv_nsec / 1e3;
}

void
timing_start (void)
{
  started = lap_started = timing_now ();
}

void
timing_lap (const char *name)
{
  double now = timing_now ();

  timing_print (name, now - lap_started);
  lap_started = timing_now ();
}

void
timing_stop (void)
{
  timing_print ("total", lap_started - started);
}

void
timing_print (const char *name, double microseconds)
{
  printf ("%s %.1f\n", name, microseconds);
}

/* Between two repetitions. */
void
timing_rest (void)
{
  g_usleep (REST);
}
