/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/termination.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/broker.h"
#include "kernel/process.h"

#include <errno.h>
#include <string.h>

/* At most NETNS_PACKET_DESCRIPTORS_MAX at once. */
static gboolean
send_some (guint uid, const int *pidfds, guint n_pidfds, int number, int *error_numbers, GError **error)
{
  const NetnsBrokerRequest request = {
    .work = NETNS_BROKER_SIGNAL,
    .identity = { uid, 0 },
    .signal = number,
  };
  NetnsBrokerReply reply;
  int nothing;

  if (uid == 0) {
    netns_process_try_each (pidfds, n_pidfds, number, error_numbers);
    return TRUE;
  }
  if (!netns_broker_ask (&request, pidfds, n_pidfds, &reply, &nothing, error))
    return FALSE;
  netns_close_fd (&nothing);
  if (reply.error_number != 0)
    return netns_error_set_errno (error, reply.error_number, "Cannot act as user %u", uid);
  memcpy (error_numbers, reply.error_numbers, n_pidfds * sizeof *error_numbers);
  return TRUE;
}

/**
 * netns_termination_is_allowed:
 * @uid: a user
 * @pidfds: processes
 * @n_pidfds: how many
 * @allowed: (out caller-allocates): for each whether the kernel lets @uid end it, or it has ended
 * @error: `KernelRefused`
 *
 * Returns: whether it could be found out
 */
gboolean
netns_termination_is_allowed (guint uid, const int *pidfds, guint n_pidfds, gboolean *allowed, GError **error)
{
  int error_numbers[NETNS_PACKET_DESCRIPTORS_MAX];

  for (guint done = 0, count; done < n_pidfds; done += count) {
    count = MIN (n_pidfds - done, NETNS_PACKET_DESCRIPTORS_MAX);
    if (!send_some (uid, pidfds + done, count, 0, error_numbers, error))
      return FALSE;
    for (guint i = 0; i < count; i++)
      allowed[done + i] = error_numbers[i] == 0;
  }
  return TRUE;
}

/**
 * netns_termination_signal:
 * @grant: who may do it
 * @uid: with whose rights
 * @pidfds: processes
 * @n_pidfds: how many
 * @number: a signal
 * @error: `KernelRefused`
 *
 * Returns: whether each got it or has ended
 */
gboolean
netns_termination_signal (const NetnsGrant *grant, guint uid, const int *pidfds, guint n_pidfds, int number,
                          GError **error)
{
  int error_numbers[NETNS_PACKET_DESCRIPTORS_MAX];

  for (guint done = 0, count; done < n_pidfds; done += count) {
    count = MIN (n_pidfds - done, NETNS_PACKET_DESCRIPTORS_MAX);
    if (!send_some (uid, pidfds + done, count, number, error_numbers, error))
      return FALSE;
    for (guint i = 0; i < count; i++)
      if (error_numbers[i] != 0)
        return netns_error_set_errno (error, error_numbers[i], "Cannot send signal %d", number);
  }
  return TRUE;
}
