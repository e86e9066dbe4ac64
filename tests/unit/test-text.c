/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/text.h"

static void
test_escape (void)
{
  static const char *const rows[][3] = {
    { "eth0",             "",   "eth0"                  },
    { "é 漢 “x”",         "",   "é 漢 “x”"              },
    { "a\nb\tc",          "",   "a\\u000ab\\u0009c"     },
    { "a\nb\tc",          "\n", "a\nb\\u0009c"          },
    { "\x1b[2J\x7f",      "\n", "\\u001b[2J\\u007f"     },
    { "\xff\xc2",         "",   "\\xff\\xc2"            },
    { "a\xc2\x9b"
      "31m",         "\n", "a\\u009b31m"           }, /* a control sequence in one character */
    { "\xc2\x80\xc2\x9f", "",   "\\u0080\\u009f"        },
    { "\u202e\u200f",     "",   "\\u202e\\u200f"        }, /* the direction of writing */
    { "\u2066x\u2069",    "",   "\\u2066x\\u2069"       },
    { "\u2028\u2029",     "",   "\\u2028\\u2029"        }, /* lines and paragraphs */
    { "\U000e0041\ufeff", "",   "\\udb40\\udc41\\ufeff" }, /* an invisible letter */
    { "\xed\xa0\x80",     "",   "\\xed\\xa0\\x80"       }, /* half a surrogate */
    { "",                 "\n", ""                      },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *shown = netns_text_escape (rows[i][0], rows[i][1]);

    g_assert_cmpstr (shown, ==, rows[i][2]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/escape", test_escape);
  return g_test_run ();
}
