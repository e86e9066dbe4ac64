/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/agent.h"

#include <polkitagent/polkitagent.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

struct _NetnsAgent {
  PolkitAgentListener *listener;
  gpointer registration;
};

/* The terminal as it was: polkit's agent switches its echo off for the password, and leaves it so when the
 * user answers with Ctrl-C. A signal handler has nowhere else to find it. */
static struct termios terminal;

static void
restore_terminal (int number)
{
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &terminal);
  /* The second time the signal does what it always does (SA_RESETHAND). */
  raise (number);
}

static void
guard_terminal (void)
{
  /* The last two are how the agent ends the process when it gets Ctrl-D for a password. */
  static const int deadly[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTRAP, SIGABRT };
  const struct sigaction action = { .sa_handler = restore_terminal, .sa_flags = SA_RESETHAND };
  struct sigaction before;

  if (tcgetattr (STDIN_FILENO, &terminal) < 0)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (deadly); i++)
    if (sigaction (deadly[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
      sigaction (deadly[i], &action, NULL);
}

/**
 * netns_agent_new:
 *
 * Registers an agent for this process, in a thread of its own, because this one waits for the answer to the
 * call meanwhile. In a session it is a fallback: where a desktop's own agent runs, that one asks. Outside of
 * one (in a container, for instance) polkit 122 never gets as far as fallbacks.
 *
 * No agent is no error: polkit may be absent, or the call be allowed without a question; if not, the answer
 * to the call says it better.
 *
 * Returns: (transfer full) (nullable): the agent
 */
NetnsAgent *
netns_agent_new (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PolkitSubject) subject = NULL, session = NULL;
  g_autoptr (NetnsAgent) agent = g_new0 (NetnsAgent, 1);
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) values = NULL;

  agent->listener = polkit_agent_text_listener_new (NULL, &error);
  if (agent->listener == NULL) {
    g_debug ("Cannot start a password agent: %s", error->message);
    return NULL;
  }
  subject = polkit_unix_process_new_for_owner (getpid (), 0, (int) getuid ());
  session = polkit_unix_session_new_for_process_sync (getpid (), NULL, NULL);
  g_variant_dict_insert (&options, "fallback", "b", session != NULL);
  values = g_variant_ref_sink (g_variant_dict_end (&options));
  agent->registration = polkit_agent_listener_register_with_options (
    agent->listener, POLKIT_AGENT_REGISTER_FLAGS_RUN_IN_THREAD, subject, NULL, values, NULL, &error);
  if (agent->registration == NULL) {
    g_debug ("Cannot start a password agent: %s", error->message);
    return NULL;
  }
  guard_terminal ();
  return g_steal_pointer (&agent);
}

void
netns_agent_free (NetnsAgent *agent)
{
  g_clear_pointer (&agent->registration, polkit_agent_listener_unregister);
  g_clear_object (&agent->listener);
  g_free (agent);
}
