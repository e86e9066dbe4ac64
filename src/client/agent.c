/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/agent.h"

#include <polkitagent/polkitagent.h>
#include <unistd.h>

struct _NetnsAgent {
  PolkitAgentListener *listener;
  gpointer registration;
};

/**
 * netns_agent_new:
 *
 * Registers an agent for this process. As a fallback: where a desktop's own agent runs, that one asks. In a
 * thread of its own, because this one waits for the answer to the call meanwhile.
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
  g_autoptr (PolkitSubject) subject = NULL;
  g_autoptr (NetnsAgent) agent = g_new0 (NetnsAgent, 1);
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) values = NULL;

  agent->listener = polkit_agent_text_listener_new (NULL, &error);
  if (agent->listener == NULL) {
    g_debug ("No agent for passwords: %s", error->message);
    return NULL;
  }
  subject = polkit_unix_process_new_for_owner (getpid (), 0, (int)getuid ());
  g_variant_dict_insert (&options, "fallback", "b", TRUE);
  values = g_variant_ref_sink (g_variant_dict_end (&options));
  agent->registration = polkit_agent_listener_register_with_options (
      agent->listener, POLKIT_AGENT_REGISTER_FLAGS_RUN_IN_THREAD, subject, NULL, values, NULL, &error);
  if (agent->registration == NULL) {
    g_debug ("No agent for passwords: %s", error->message);
    return NULL;
  }
  return g_steal_pointer (&agent);
}

/**
 * netns_agent_free:
 * @agent: (transfer full): an agent
 *
 * Ends it.
 */
void
netns_agent_free (NetnsAgent *agent)
{
  g_clear_pointer (&agent->registration, polkit_agent_listener_unregister);
  g_clear_object (&agent->listener);
  g_free (agent);
}
