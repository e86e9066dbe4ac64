/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/gate.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define CHUNK           (256 * 1024)
#define DESCRIPTORS_MAX 253 /* SCM_MAX_FD of include/net/scm.h */
#define HEADER_BYTES    16
#define ALIGN(size)     (((size) + 7) & ~(gsize) 7)
/* GDBus is read to that late; then the bus is not read either. */
#define PENDING_MAX          (16 * 1024 * 1024)
#define GOODBYE_MILLISECONDS 5000

/* Bytes on their way to a socket, and descriptors that go with the first of them. */
typedef struct {
  int fd;
  GByteArray *bytes;
  gsize sent;  /* of these */
  GArray *fds; /* int */
} Outlet;

struct _NetnsGate {
  GSocketConnection *bus;
  GDBusConnection *connection;
  GThread *thread;
  NetnsGateFunc call;
  NetnsGateSkipFunc skip;
  gpointer data;
  Outlet to_bus;
  Outlet to_gdbus;
  GString *handshake; /* what GDBus said so far, NULL once that is over and messages follow */
  GByteArray *arrived;
  GArray *arrived_fds; /* int; those of @arrived, the first message's first */
  guint8 *chunk;
};

static void
outlet_init (Outlet *outlet, int fd)
{
  outlet->fd = fd;
  outlet->bytes = g_byte_array_new ();
  outlet->fds = g_array_new (FALSE, FALSE, sizeof (int));
}

static void
close_all (GArray *fds)
{
  for (guint i = 0; i < fds->len; i++)
    close (g_array_index (fds, int, i));
  g_array_set_size (fds, 0);
}

static void
outlet_clear (Outlet *outlet)
{
  close_all (outlet->fds);
  g_byte_array_unref (outlet->bytes);
  g_array_unref (outlet->fds);
}

static gsize
outlet_pending (const Outlet *outlet)
{
  return outlet->bytes->len - outlet->sent;
}

/* Gives back what a big message needed. */
static void
empty (GByteArray **bytes)
{
  if ((*bytes)->len > CHUNK) {
    g_byte_array_unref (*bytes);
    *bytes = g_byte_array_new ();
  }
  g_byte_array_set_size (*bytes, 0);
}

/* Returns: %FALSE if the other side has gone */
static gboolean
outlet_flush (Outlet *outlet)
{
  char control[CMSG_SPACE (sizeof (int) * DESCRIPTORS_MAX)] = { 0 };
  struct iovec part = { outlet->bytes->data + outlet->sent, outlet_pending (outlet) };
  struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
  gssize sent;

  if (part.iov_len == 0)
    return TRUE;
  if (outlet->fds->len > 0) {
    struct cmsghdr *passed = (struct cmsghdr *) control;

    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE (sizeof (int) * outlet->fds->len);
    passed->cmsg_level = SOL_SOCKET;
    passed->cmsg_type = SCM_RIGHTS;
    passed->cmsg_len = CMSG_LEN (sizeof (int) * outlet->fds->len);
    memcpy (CMSG_DATA (passed), outlet->fds->data, sizeof (int) * outlet->fds->len);
  }
  sent = sendmsg (outlet->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0)
    return errno == EAGAIN || errno == EINTR;
  close_all (outlet->fds);
  outlet->sent += (gsize) sent;
  if (outlet_pending (outlet) == 0) {
    empty (&outlet->bytes);
    outlet->sent = 0;
  }
  return TRUE;
}

static void
take_fds (struct msghdr *header, GArray *fds)
{
  for (struct cmsghdr *part = CMSG_FIRSTHDR (header); part != NULL; part = CMSG_NXTHDR (header, part))
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
      g_array_append_vals (fds, CMSG_DATA (part), (guint) ((part->cmsg_len - CMSG_LEN (0)) / sizeof (int)));
}

/* Returns: how many bytes there are, 0 at the end, -1 if there are none now */
static gssize
receive (NetnsGate *gate, int fd, GArray *fds)
{
  char control[CMSG_SPACE (sizeof (int) * DESCRIPTORS_MAX)];
  struct iovec part = { gate->chunk, CHUNK };
  struct msghdr header
    = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  gssize length = recvmsg (fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

  if (length < 0)
    return errno == EAGAIN || errno == EINTR ? -1 : 0;
  take_fds (&header, fds);
  return length;
}

/* GDBus says BEGIN last, and then the bus talks in messages, too. */
static void
follow_handshake (NetnsGate *gate, gsize length)
{
  if (gate->handshake == NULL)
    return;
  g_string_append_len (gate->handshake, (const char *) gate->chunk, (gssize) length);
  if (memmem (gate->handshake->str, gate->handshake->len, "\r\nBEGIN\r\n", 9) == NULL)
    return;
  g_string_free (gate->handshake, TRUE);
  gate->handshake = NULL;
}

static gboolean
pass_on (NetnsGate *gate)
{
  gssize length = receive (gate, gate->to_gdbus.fd, gate->to_bus.fds);

  if (length <= 0)
    return length < 0;
  follow_handshake (gate, (gsize) length);
  g_byte_array_append (gate->to_bus.bytes, gate->chunk, (guint) length);
  return outlet_flush (&gate->to_bus);
}

/* Returns: (transfer full) (nullable): the first @count descriptors that came */
static NetnsDescriptors *
take_arrived (NetnsGate *gate, guint count)
{
  int *fds;

  count = MIN (count, gate->arrived_fds->len);
  if (count == 0)
    return NULL;
  fds = g_memdup2 (gate->arrived_fds->data, count * sizeof (int));
  g_array_remove_range (gate->arrived_fds, 0, count);
  return netns_descriptors_new (fds, count);
}

static guint32
read_number (const guint8 *blob, gsize place)
{
  guint32 number;

  memcpy (&number, blob + place, sizeof number);
  return blob[0] == G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN ? GUINT32_FROM_LE (number) : GUINT32_FROM_BE (number);
}

/* Messages as the bus frames them: it has checked them all. */
static gsize
measure (const guint8 *header)
{
  return ALIGN ((gsize) HEADER_BYTES + read_number (header, 12)) + read_number (header, 4);
}

/* What is needed of a message's header. */
typedef struct {
  const char *interface; /* NULL without one, like the next */
  const char *member;
  guint32 n_descriptors;
} Header;

/* Takes one field of a header, which begins at @place, if it is one of those that are wanted: the specification of D-Bus,
 * “Header Fields”. Returns: where the next one begins, 0 for one that no message has (the bus removes others) */
static gsize
read_field (const guint8 *blob, gsize place, gsize end, Header *header)
{
  gsize value = place + 4; /* code, signature of one letter */
  guint8 code = blob[place];
  gsize length;
  char type;

  if (value + 4 > end || blob[place + 1] != 1)
    return 0;
  type = (char) blob[place + 2];
  if (type == 'g')
    return ALIGN (value + 1 + blob[value] + 1);
  length = read_number (blob, value);
  if (type == 'u') {
    if (code == G_DBUS_MESSAGE_HEADER_FIELD_NUM_UNIX_FDS)
      header->n_descriptors = (guint32) length;
    return ALIGN (value + 4);
  }
  if ((type != 's' && type != 'o') || length >= end - value - 4)
    return 0;
  if (code == G_DBUS_MESSAGE_HEADER_FIELD_INTERFACE)
    header->interface = (const char *) blob + value + 4;
  else if (code == G_DBUS_MESSAGE_HEADER_FIELD_MEMBER)
    header->member = (const char *) blob + value + 4;
  return ALIGN (value + 4 + length + 1);
}

static void
read_header (const guint8 *blob, Header *header)
{
  gsize end = (gsize) HEADER_BYTES + read_number (blob, 12), place = HEADER_BYTES;

  while (place != 0 && place < end)
    place = read_field (blob, place, end, header);
}

/* The descriptors are taken by the header alone: those of a message that GDBus does not understand must not be taken for
 * the next one's, which can be somebody else's. */
static void
sort (NetnsGate *gate, guint8 *blob, gsize size)
{
  gboolean is_call = blob[1] == G_DBUS_MESSAGE_TYPE_METHOD_CALL;
  g_autoptr (GDBusMessage) message = NULL;
  NetnsDescriptors *descriptors;
  Header header = { 0 };

  read_header (blob, &header);
  descriptors = take_arrived (gate, header.n_descriptors);
  /* Of a flood, no more is looked at: the bus takes longer to pass such a message on. */
  if (is_call && descriptors == NULL && (blob[2] & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) != 0 && header.member != NULL
      && gate->skip (header.interface, header.member))
    return;
  if (is_call)
    message = g_dbus_message_new_from_blob (blob, size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, NULL);
  if (message != NULL) {
    g_dbus_message_lock (message);
    if (gate->call (message, descriptors, gate->data))
      return;
  } else if (descriptors != NULL) {
    netns_descriptors_close (descriptors, NETNS_UID_NOBODY); /* nothing is asked for that would have some */
  }
  if (!is_call || message != NULL) /* GDBus would not understand it either */
    g_byte_array_append (gate->to_gdbus.bytes, blob, (guint) size);
}

static void
sort_all (NetnsGate *gate)
{
  gsize done = 0;

  while (gate->arrived->len - done >= HEADER_BYTES) {
    gsize size = measure (gate->arrived->data + done);

    if (gate->arrived->len - done < size)
      break;
    sort (gate, gate->arrived->data + done, size);
    done += size;
  }
  if (done == gate->arrived->len)
    empty (&gate->arrived);
  else
    g_byte_array_remove_range (gate->arrived, 0, (guint) done);
}

static gboolean
take_in (NetnsGate *gate)
{
  gssize length = receive (gate, gate->to_bus.fd, gate->arrived_fds);

  if (length <= 0)
    return length < 0;
  if (gate->handshake != NULL) {
    g_byte_array_append (gate->to_gdbus.bytes, gate->chunk, (guint) length);
  } else {
    g_byte_array_append (gate->arrived, gate->chunk, (guint) length);
    sort_all (gate);
  }
  return outlet_flush (&gate->to_gdbus);
}

static gboolean
step (NetnsGate *gate)
{
  struct pollfd fds[] = {
    { .fd = gate->to_bus.fd },
    { .fd = gate->to_gdbus.fd },
  };

  if (outlet_pending (&gate->to_gdbus) < PENDING_MAX)
    fds[0].events |= POLLIN;
  if (outlet_pending (&gate->to_bus) < PENDING_MAX && gate->to_bus.fds->len == 0)
    fds[1].events |= POLLIN;
  if (outlet_pending (&gate->to_bus) > 0)
    fds[0].events |= POLLOUT;
  if (outlet_pending (&gate->to_gdbus) > 0)
    fds[1].events |= POLLOUT;
  if (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
    return errno == EINTR;
  if ((fds[0].revents & POLLOUT) && !outlet_flush (&gate->to_bus))
    return FALSE;
  if ((fds[1].revents & POLLOUT) && !outlet_flush (&gate->to_gdbus))
    return FALSE;
  if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) && (fds[1].events & POLLIN) && !pass_on (gate))
    return FALSE;
  return !(fds[0].revents & (POLLIN | POLLHUP | POLLERR)) || !(fds[0].events & POLLIN) || take_in (gate);
}

/* What GDBus wrote before it closed is not lost, unless the bus does not take it. */
static void
say_goodbye (NetnsGate *gate)
{
  gint64 end = g_get_monotonic_time () + GOODBYE_MILLISECONDS * G_TIME_SPAN_MILLISECOND;
  struct pollfd out = { .fd = gate->to_bus.fd, .events = POLLOUT };

  while (outlet_pending (&gate->to_bus) > 0 && g_get_monotonic_time () < end)
    if (poll (&out, 1, GOODBYE_MILLISECONDS) <= 0 || !outlet_flush (&gate->to_bus))
      break;
}

static gpointer
run (gpointer data)
{
  NetnsGate *gate = data;

  while (step (gate))
    ;
  say_goodbye (gate);
  shutdown (gate->to_bus.fd, SHUT_RDWR);
  shutdown (gate->to_gdbus.fd, SHUT_RDWR);
  return NULL;
}

static GDBusConnection *
connect_gdbus (int fd, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);
  g_autoptr (GSocketConnection) stream = NULL;

  if (socket == NULL) {
    close (fd);
    return NULL;
  }
  stream = g_socket_connection_factory_create_connection (socket);
  return g_dbus_connection_new_sync (
    G_IO_STREAM (stream), NULL,
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, error);
}

/**
 * netns_gate_open:
 * @address: of a message bus
 * @call: called for each method call from now on, but those that are skipped
 * @skip: says which are
 * @data: for @call
 * @error: why there is no connection
 *
 * Returns: (transfer full) (nullable): the gate
 */
NetnsGate *
netns_gate_open (const char *address, NetnsGateFunc call, NetnsGateSkipFunc skip, gpointer data, GError **error)
{
  g_autoptr (GIOStream) stream = g_dbus_address_get_stream_sync (address, NULL, NULL, error);
  NetnsGate *gate;
  int pair[2];

  if (stream == NULL)
    return NULL;
  if (!G_IS_SOCKET_CONNECTION (stream)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED, "The address of the bus is not that of a socket: %s",
                 address);
    return NULL;
  }
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
    netns_error_set_errno (error, errno, "Cannot make a pair of sockets");
    return NULL;
  }
  gate = g_new0 (NetnsGate, 1);
  gate->bus = g_object_ref (G_SOCKET_CONNECTION (stream));
  gate->call = call;
  gate->skip = skip;
  gate->data = data;
  gate->handshake = g_string_new ("\r\n");
  gate->arrived = g_byte_array_new ();
  gate->arrived_fds = g_array_new (FALSE, FALSE, sizeof (int));
  gate->chunk = g_malloc (CHUNK);
  outlet_init (&gate->to_bus, g_socket_get_fd (g_socket_connection_get_socket (gate->bus)));
  outlet_init (&gate->to_gdbus, pair[1]);
  gate->thread = g_thread_new ("gate", run, gate);
  gate->connection = connect_gdbus (pair[0], error);
  if (gate->connection != NULL)
    return gate;
  netns_gate_close (gate);
  return NULL;
}

/**
 * netns_gate_close:
 * @gate: (transfer full): a gate
 *
 * Closes the connection to the bus as well, when what was said there has reached the bus.
 */
void
netns_gate_close (NetnsGate *gate)
{
  if (gate->connection != NULL) {
    g_dbus_connection_flush_sync (gate->connection, NULL, NULL);
    g_dbus_connection_close_sync (gate->connection, NULL, NULL);
    g_clear_object (&gate->connection);
  }
  g_thread_join (gate->thread);
  outlet_clear (&gate->to_bus);
  close (gate->to_gdbus.fd);
  outlet_clear (&gate->to_gdbus);
  if (gate->handshake != NULL)
    g_string_free (gate->handshake, TRUE);
  if (gate->arrived_fds->len > 0)
    netns_descriptors_close (take_arrived (gate, gate->arrived_fds->len), NETNS_UID_NOBODY);
  g_byte_array_unref (gate->arrived);
  g_array_unref (gate->arrived_fds);
  g_free (gate->chunk);
  g_object_unref (gate->bus);
  g_free (gate);
}

/* Returns: (transfer none): the connection that it is the gate of */
GDBusConnection *
netns_gate_get_connection (NetnsGate *gate)
{
  return gate->connection;
}
