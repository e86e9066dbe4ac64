/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign/allowing.h"

#include "common/error.h"
#include "core/foreign/firewalld.h"

#define QUESTIONS_MAX 5

/* The plan has been run, and its result stands, whether firewalld has forgotten the network or not. */
static void
on_forgotten (const GError *error, gpointer data)
{
  NetnsAllowing *allowing = data;
  g_autoptr (GError) failure = g_steal_pointer (&allowing->failure);

  if (error != NULL)
    g_debug ("%s", error->message);
  allowing->done (failure, allowing->data);
}

static void
on_trusted (const GError *error, gpointer data)
{
  NetnsAllowing *allowing = data;
  g_autoptr (GError) failure = g_steal_pointer (&allowing->failure);

  if (error == NULL) {
    g_clear_pointer (&allowing->question, netns_allow_question_free);
    allowing->questions = 0;
    allowing->again (allowing->data);
    return;
  }
  g_message ("%s", error->message);
  g_clear_pointer (&allowing->trusted, g_free);
  allowing->done (failure, allowing->data);
}

/* @over: (nullable): the link that firewalld need not trust any longer */
static void
end (NetnsAllowing *allowing, const GError *error, const char *over)
{
  allowing->failure = error ? g_error_copy (error) : NULL;
  if (over != NULL)
    netns_firewalld_forget (allowing->grant, over, on_forgotten, allowing);
  else
    on_forgotten (NULL, allowing);
}

static void
on_run (const GError *error, gpointer data)
{
  NetnsAllowing *allowing = data;
  const char *blocked = error ? netns_firewall_find_blocked_by_firewalld (allowing->plan) : NULL;

  if (blocked == NULL || allowing->trusted != NULL) {
    end (allowing, error, error ? allowing->trusted : netns_firewall_find_disallowed (allowing->plan));
    return;
  }
  allowing->failure = g_error_copy (error);
  allowing->trusted = g_strdup (blocked);
  netns_firewalld_trust (allowing->grant, blocked, on_trusted, allowing);
}

static void
on_asked (const GError *error, gpointer data)
{
  NetnsAllowing *allowing = data;

  if (error != NULL)
    end (allowing, error, allowing->trusted);
  else
    allowing->again (allowing->data);
}

/* The plan was made anew each time, and was about something else. */
static void
give_up (NetnsAllowing *allowing)
{
  g_autoptr (GError) error = NULL;

  netns_refuse (&error, NETNS_ERROR_NAMESPACE_GONE,
                "The target changed each time while the firewall was read; try again");
  end (allowing, error, allowing->trusted);
}

/* It is not the plan's turn any longer. */
static void
ask (NetnsAllowing *allowing, NetnsCore *core, guint uid)
{
  g_clear_pointer (&allowing->question, netns_allow_question_free);
  netns_core_skip (core);
  if (allowing->questions++ == QUESTIONS_MAX)
    give_up (allowing);
  else
    allowing->question = netns_allow_question_ask (core, uid, allowing->plan, allowing->grant, on_asked, allowing);
}

/**
 * netns_allowing_run:
 * @allowing: what is known of the call, which must live until @done
 * @core: the service
 * @uid: who calls
 * @plan: a plan
 * @grant: who may do it
 * @done: (scope async): called when all is done, or with why not
 * @again: (scope async): called instead when the plan is to be made and run once more
 * @data: for both
 *
 * As netns_core_run().
 */
void
netns_allowing_run (NetnsAllowing *allowing, NetnsCore *core, guint uid, NetnsPlan *plan, const NetnsGrant *grant,
                    NetnsDoneFunc done, GSourceOnceFunc again, gpointer data)
{
  allowing->plan = plan;
  allowing->grant = grant;
  allowing->done = done;
  allowing->again = again;
  allowing->data = data;
  if (netns_allow_question_answer (allowing->question, plan))
    netns_core_run (core, plan, grant, on_run, allowing);
  else
    ask (allowing, core, uid);
}

/**
 * netns_allowing_fail:
 * @allowing: what is known of a call that is to be tried again
 * @error: (inout): why it cannot be
 *
 * Has firewalld forget what it was told for it.
 *
 * Returns: whether there is something to forget; then @error is taken, and @done of netns_allowing_run() gets it afterwards
 */
gboolean
netns_allowing_fail (NetnsAllowing *allowing, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (allowing->trusted == NULL)
    return FALSE;
  failure = g_steal_pointer (error);
  end (allowing, failure, allowing->trusted);
  return TRUE;
}

void
netns_allowing_clear (NetnsAllowing *allowing)
{
  g_clear_pointer (&allowing->question, netns_allow_question_free);
  g_clear_pointer (&allowing->trusted, g_free);
  g_clear_error (&allowing->failure);
}
