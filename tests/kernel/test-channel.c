/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The instructions of a command, which a service that is restarted gets back from the helper. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/channel.h"

#include <fcntl.h>
#include <sys/mman.h>

static GVariant *
make_instructions (void)
{
  return g_variant_ref_sink (g_variant_new_parsed ("{'id': <uint32 7>, 'command': <['true', '']>}"));
}

static void
test_store (void)
{
  g_autoptr (GVariant) instructions = make_instructions (),
                       nothing = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  GVariant *const all[] = { instructions, nothing };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++) {
    g_autoptr (GError) error = NULL;
    netns_autofd int fd = netns_channel_store (all[i], &error);
    g_autoptr (GVariant) read = netns_channel_load (fd, &error);

    g_assert_no_error (error);
    g_assert_true (g_variant_equal (read, all[i]));
    /* Not even root can change it. */
    g_assert_cmpint (ftruncate (fd, 1), ==, -1);
    g_assert_cmpint (write (fd, "x", 1), ==, -1);
  }
}

static void
assert_refused (int fd)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (netns_channel_load (fd, &error));
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED);
}

/* Who handed it in could cut it short while it is read, which would end the service. */
static void
test_not_sealed (void)
{
  g_autoptr (GVariant) instructions = make_instructions ();
  netns_autofd int memory = memfd_create ("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  netns_autofd int file = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  gssize size = (gssize) g_variant_get_size (instructions);

  g_assert_cmpint (write (memory, g_variant_get_data (instructions), (gsize) size), ==, size);
  assert_refused (memory);
  g_assert_no_errno (fcntl (memory, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW));
  assert_refused (memory);
  assert_refused (file);
  assert_refused (-1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/store", test_store);
  g_test_add_func ("/channel/not-sealed", test_not_sealed);
  return g_test_run ();
}
