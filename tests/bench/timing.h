/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stopwatch with laps. Each lap prints a line "NAME MICROSECONDS", which bench.py gathers. */
#pragma once

void timing_start (void);
void timing_lap (const char *name);
void timing_stop (void);
void timing_print (const char *name, double microseconds);
double timing_now (void);
void timing_rest (void);
