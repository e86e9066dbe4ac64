/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/run.h"

#include "common/error.h"
#include "common/text.h"
#include "core/namespace/process-steps.h"
#include "core/service/core.h"
#include "core/service/auth-scope.h"

#include <signal.h>
#include <string.h>

#define JOBS_PER_USER   64
#define DESCRIPTORS_MAX 64
/* Half of what execve() takes with a stack of 8 MiB, and a copy of it is kept as long as the command runs. */
#define BYTES_MAX     (1024 * 1024)
#define STRING_MAX    131072 /* MAX_ARG_STRLEN of include/uapi/linux/binfmts.h */
#define DIRECTORY_MAX 4096   /* PATH_MAX */
/* A dialog shows it, and a rule can look at it. */
#define DETAIL_MAX 1024

static gboolean
check_lengths (const char *const *strings, gsize *bytes, GError **error)
{
  for (; *strings != NULL; strings++) {
    gsize length = strlen (*strings) + 1;

    if (length > STRING_MAX)
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                           "An argument or environment variable is too long: %zu bytes (limit %d)", length - 1,
                           STRING_MAX - 1);
    *bytes += length + sizeof (char *);
  }
  return TRUE;
}

static gboolean
check_environment (const char *const *environment, GError **error)
{
  for (; *environment != NULL; environment++) {
    const char *sign = strchr (*environment, '=');

    if (sign == NULL || sign == *environment)
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid environment entry “%s”: expected NAME=VALUE",
                           *environment);
  }
  return TRUE;
}

static gboolean
check_request (const NetnsJobRequest *request, GError **error)
{
  gsize bytes = 0;

  if (request->command[0] == NULL || *request->command[0] == '\0')
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Empty command");
  if (*request->directory != '\0' && *request->directory != '/')
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The directory “%s” must begin with a slash",
                         request->directory);
  if (strlen (request->directory) >= DIRECTORY_MAX)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The path of the directory is longer than %d bytes",
                         DIRECTORY_MAX - 1);
  if (request->n_descriptors > DESCRIPTORS_MAX)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "A command can have at most %d descriptors, not %zu",
                         DESCRIPTORS_MAX, request->n_descriptors);
  if (!check_lengths (request->command, &bytes, error) || !check_lengths (request->environment, &bytes, error)
      || !check_environment (request->environment, error))
    return FALSE;
  return bytes <= BYTES_MAX
         || netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                          "Arguments and environment are too large: %zu bytes (limit %d)", bytes, BYTES_MAX);
}

static gboolean
check_number (NetnsCore *core, guint caller, GError **error)
{
  guint count = netns_jobs_count (netns_core_get_jobs (core), caller);

  if (caller == 0 || count < JOBS_PER_USER)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_QUOTA_EXCEEDED,
                       "User %u has %u commands running, the limit is %d; end some first", caller, count,
                       JOBS_PER_USER);
}

/* As one would type it; what is too long for a dialog says so. */
static char *
print_command (const char *const *command)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize length;

  for (; *command != NULL; command++) {
    gboolean plain = **command != '\0' && strpbrk (*command, " \t\n\"'\\$`&|;<>()*?[]#~!{}") == NULL;
    g_autofree char *quoted = plain ? g_strdup (*command) : g_shell_quote (*command);
    /* Line breaks and characters that change the text direction could falsify a dialog. */
    g_autofree char *shown = netns_text_escape (quoted, "");

    if (text->len > 0)
      g_string_append_c (text, ' ');
    g_string_append (text, shown);
  }
  length = text->len;
  if (length > DETAIL_MAX) {
    g_string_set_size (text, (gsize) (g_utf8_find_prev_char (text->str, text->str + DETAIL_MAX) - text->str));
    g_string_append_printf (text, " … (%zu bytes in total)", length);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* The plan for method Namespace.Run. It opens the namespace, nothing more: the command, which runs as the caller, is
 * started with netns_jobs_start() when that is done. Errors: `NotFound`, `InvalidArgument`, `QuotaExceeded`. */
NetnsPlan *
netns_namespace_run (NetnsCore *core, guint caller, const char *name, const NetnsJobRequest *request, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autofree char *command = NULL;

  if (!check_request (request, error) || !check_number (core, caller, error)
      || netns_core_use_namespace (core, plan, caller, name, error) == NULL)
    return NULL;
  command = print_command (request->command);
  netns_plan_set_detail (plan, "command", command);
  netns_plan_set_detail (plan, "program", request->command[0]);
  netns_plan_namespace_open (plan, name);
  return g_steal_pointer (&plan);
}

/* The plan for method Process.Signal, after which it is sent. One's own is what runs as oneself, in whosever namespace.
 * Errors: `NotFound`, `InvalidArgument`. */
NetnsPlan *
netns_job_signal (NetnsCore *core, guint caller, guint id, int number, GError **error)
{
  const NetnsJob *job = netns_jobs_get (netns_core_get_jobs (core), id);
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (job == NULL || job->state != NETNS_JOB_RUNNING)
    return netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, "Process %u has ended", id);
  if (number < 1 || number > SIGRTMAX)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid signal number %d", number);
  if (job->uid == caller)
    netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_OWN);
  else
    netns_core_add_foreign (plan, job->namespace_name, job->uid);
  netns_plan_set_detail (plan, "program", job->program);
  netns_plan_set_detail (plan, "command", job->program);
  return g_steal_pointer (&plan);
}
