/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/job.h"

#include "common/error.h"
#include "core/core.h"
#include "core/operations.h"

#include <signal.h>
#include <string.h>

#define JOBS_PER_USER   64
#define DESCRIPTORS_MAX 64
/* Half of what execve() takes with a stack of 8 MiB, and a copy of it is kept as long as the command runs. */
#define BYTES_MAX       (1024 * 1024)
#define STRING_MAX      131072 /* MAX_ARG_STRLEN of include/uapi/linux/binfmts.h */
#define DIRECTORY_MAX   4096   /* PATH_MAX */
/* A dialog shows it, and a rule can look at it. */
#define DETAIL_MAX      1024

static gboolean
refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, text);
  return FALSE;
}

static gboolean
check_lengths (const char *const *strings, gsize *bytes, GError **error)
{
  for (; *strings != NULL; strings++) {
    gsize length = strlen (*strings) + 1;

    if (length > STRING_MAX)
      return refuse (error, "An argument or variable of %zu bytes is too long, the kernel takes %d", length - 1,
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
      return refuse (error, "“%s” in the environment is no NAME=VALUE", *environment);
  }
  return TRUE;
}

static gboolean
check_request (const NetnsJobRequest *request, GError **error)
{
  gsize bytes = 0;

  if (request->command[0] == NULL || *request->command[0] == '\0')
    return refuse (error, "There is no command to run; its first word is the program");
  if (*request->directory != '\0' && *request->directory != '/')
    return refuse (error, "The directory “%s” does not begin with a slash", request->directory);
  if (strlen (request->directory) >= DIRECTORY_MAX)
    return refuse (error, "The name of the directory is longer than %d bytes", DIRECTORY_MAX - 1);
  if (request->n_descriptors > DESCRIPTORS_MAX)
    return refuse (error, "A command takes at most %d descriptors, not %zu", DESCRIPTORS_MAX, request->n_descriptors);
  if (!check_lengths (request->command, &bytes, error) || !check_lengths (request->environment, &bytes, error)
      || !check_environment (request->environment, error))
    return FALSE;
  return bytes <= BYTES_MAX
         || refuse (error, "Arguments and environment have %zu bytes, at most %d go", bytes, BYTES_MAX);
}

static gboolean
check_number (NetnsCore *core, guint caller, GError **error)
{
  guint count = netns_jobs_count (netns_core_get_jobs (core), caller);

  if (caller == 0 || count < JOBS_PER_USER)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_QUOTA_EXCEEDED,
               "User %u has %u commands running, the limit is %d; end some first", caller, count, JOBS_PER_USER);
  return FALSE;
}

/* What breaks lines or turns text around could make a dialog say something else. */
static void
append_printable (GString *text, const char *word)
{
  for (const char *c = word; *c != '\0'; c = g_utf8_next_char (c)) {
    gunichar character = g_utf8_get_char (c);

    if (g_unichar_isprint (character))
      g_string_append_unichar (text, character);
    else
      g_string_append_printf (text, "\\u{%x}", character);
  }
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

    if (text->len > 0)
      g_string_append_c (text, ' ');
    append_printable (text, quoted);
  }
  length = text->len;
  if (length > DETAIL_MAX) {
    g_string_set_size (text, (gsize) (g_utf8_find_prev_char (text->str, text->str + DETAIL_MAX) - text->str));
    g_string_append_printf (text, " … (%zu bytes in all)", length);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/**
 * netns_namespace_run:
 * @core: the service
 * @caller: uid that asks for it, and that the command will run as
 * @name: a namespace
 * @request: what to run
 * @error: `NotFound`, `InvalidArgument`, `QuotaExceeded`
 *
 * Opens the namespace, nothing more: the command is started with netns_jobs_start() when that is done.
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.Run
 */
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
  netns_plan_add (plan, &netns_operation_namespace_open, name, "@a{sv} {}");
  return g_steal_pointer (&plan);
}

/**
 * netns_job_signal:
 * @core: the service
 * @caller: uid that asks for it
 * @id: number of a process object
 * @number: a signal
 * @error: `NotFound`, `InvalidArgument`
 *
 * One's own is what runs as oneself, in whosever namespace.
 *
 * Returns: (transfer full) (nullable): the plan for method Process.Signal, after which it is sent
 */
NetnsPlan *
netns_job_signal (NetnsCore *core, guint caller, guint id, int number, GError **error)
{
  const NetnsJob *job = netns_jobs_get (netns_core_get_jobs (core), id);
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (job == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "Process %u has ended", id);
    return NULL;
  }
  if (number < 1 || number > SIGRTMAX) {
    refuse (error, "There is no signal %d", number);
    return NULL;
  }
  if (job->uid == caller)
    netns_plan_add_reach (plan, NETNS_REACH_OWN);
  else
    netns_core_add_foreign (plan, job->namespace_name, job->uid);
  netns_plan_set_detail (plan, "program", job->program);
  netns_plan_set_detail (plan, "command", job->program);
  return g_steal_pointer (&plan);
}
