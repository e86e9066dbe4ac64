/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/walk.h"

#include "nft/effects.h"
#include "nft/expressions.h"

#include <string.h>
#include <sys/socket.h>

#define DEPTH_MAX 16 /* NFT_JUMP_STACK_SIZE of the kernel */

/* Rules can divide packets into as many kinds as somebody likes: from some number on it is not known what comes of it. */
#define KINDS_MAX 2000
#define STEPS_MAX 300000

/* Packets pass if this part of them does, to one of that many ports that rules speak of. */
#define MOST      0.5
#define PORTS_MAX 256

/* Packets that end at a rule, or at the policy of a chain. */
typedef struct {
  NetnsPackets *packets;
  const NetnsChain *chain;
  const NetnsRule *rule; /* NULL for the policy */
} Drop;

typedef struct {
  NetnsFirewallView *view;
  NetnsHere here;
  GPtrArray *accepted; /* NetnsPackets, in this base chain */
  GArray *drops;
  guint steps;
  const NetnsRule *too_much; /* where it was given up */
} Walk;

/* One chain that packets are in. */
typedef struct {
  GPtrArray *next; /* NetnsPackets that go on to its next rule */
  GPtrArray *returned; /* and those that leave it */
  guint depth;
} Frame;

static GPtrArray *walk_chain (Walk *walk, const NetnsChain *chain, GPtrArray *packets, guint depth);

static GPtrArray *
list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) netns_packets_free);
}

/* ---- verdicts */

/* Takes @packets. */
static void
drop (Walk *walk, NetnsPackets *packets, const NetnsChain *chain, const NetnsRule *rule)
{
  Drop ended = { packets, chain, rule };

  g_array_append_val (walk->drops, ended);
}

static void
enter (Walk *walk, Frame *frame, const NetnsRule *rule, const NetnsVerdict *verdict, NetnsPackets *packets)
{
  const NetnsChain *target
    = netns_firewall_view_find_chain (walk->view, rule->chain->family, rule->chain->table, verdict->chain);
  GPtrArray *to = verdict->code == NFT_GOTO ? frame->returned : frame->next, *list;

  if (target == NULL || frame->depth >= DEPTH_MAX) {
    walk->too_much = rule;
    netns_packets_free (packets);
    return;
  }
  list = list_new ();
  g_ptr_array_add (list, packets);
  list = walk_chain (walk, target, list, frame->depth + 1);
  g_ptr_array_extend_and_steal (to, list);
}

/* Everything may come of it. */
static void
guess (Walk *walk, Frame *frame, const NetnsRule *rule, NetnsPackets *packets)
{
  if (packets->doubt == NULL)
    packets->doubt = rule;
  drop (walk, netns_packets_copy (packets), rule->chain, rule);
  g_ptr_array_add (walk->accepted, netns_packets_copy (packets));
  g_ptr_array_add (frame->next, packets);
}

/* Takes @packets. */
static void
decide (Walk *walk, Frame *frame, const NetnsRule *rule, const NetnsVerdict *verdict, NetnsPackets *packets)
{
  switch (verdict->code) {
  case NF_ACCEPT:
    g_ptr_array_add (walk->accepted, packets);
    break;
  case NF_DROP:
    drop (walk, packets, rule->chain, rule);
    break;
  case NFT_CONTINUE:
  case NFT_BREAK:
    g_ptr_array_add (frame->next, packets);
    break;
  case NFT_RETURN:
    g_ptr_array_add (frame->returned, packets);
    break;
  case NFT_JUMP:
  case NFT_GOTO:
    enter (walk, frame, rule, verdict, packets);
    break;
  default: /* such as the queue of a program */
    guess (walk, frame, rule, packets);
  }
}

/* ---- rules */

/* A rule from one of its expressions on. */
typedef struct {
  Walk *walk;
  Frame *frame;
  const NetnsRule *rule;
  guint index;
  const NetnsByte *registers;
  GPtrArray *conditions; /* that are left to be met, before the next expression */
  guint condition;
} Place;

static void walk_rule (const Place *place, NetnsPackets *packets);

static void meet_conditions (const Place *place, NetnsPackets *packets, gpointer tag);

static void
on_meant (NetnsPackets *packets, gpointer tag, gpointer data)
{
  const Place *place = data;
  Place next = *place;

  next.condition++;
  meet_conditions (&next, packets, tag);
}

/* Takes @packets. @tag: (nullable): their verdict */
static void
meet_conditions (const Place *place, NetnsPackets *packets, gpointer tag)
{
  g_autoptr (NetnsPackets) all = packets;
  g_autoptr (GPtrArray) others = NULL;

  if (tag != NULL) {
    NetnsVerdict verdict = netns_verdict_parse (tag);

    decide (place->walk, place->frame, place->rule, &verdict, g_steal_pointer (&all));
    return;
  }
  if (place->condition == place->conditions->len) {
    walk_rule (place, g_steal_pointer (&all));
    return;
  }
  others = netns_condition_apply (g_ptr_array_index (place->conditions, place->condition), all, place->rule,
                                  place->walk->here.sizes, on_meant, (gpointer) place);
  g_ptr_array_extend_and_steal (place->frame->next, g_steal_pointer (&others));
}

/* Takes @packets. */
static void
walk_rule (const Place *place, NetnsPackets *packets)
{
  g_autoptr (GPtrArray) conditions = g_ptr_array_new_with_free_func ((GDestroyNotify) netns_condition_free);
  Walk *walk = place->walk;
  NetnsEvaluation evaluation
    = { .view = walk->view, .here = &walk->here, .rule = place->rule, .packets = packets, .conditions = conditions };

  memcpy (evaluation.registers, place->registers, sizeof evaluation.registers);
  for (guint i = place->index; i < place->rule->expressions->len && walk->too_much == NULL; i++) {
    const Place next = { walk, place->frame, place->rule, i + 1, evaluation.registers, conditions, 0 };

    if (++walk->steps > STEPS_MAX)
      walk->too_much = place->rule;
    switch (netns_expression_evaluate (&evaluation, &g_array_index (place->rule->expressions, NetnsExpression, i))) {
    case NETNS_EVALUATION_GOES_ON:
      break;
    case NETNS_EVALUATION_ENDS:
      g_ptr_array_add (place->frame->next, packets);
      return;
    case NETNS_EVALUATION_ASKS:
      meet_conditions (&next, packets, NULL);
      return;
    case NETNS_EVALUATION_DECIDES:
      decide (walk, place->frame, place->rule, &evaluation.verdict, packets);
      return;
    }
  }
  g_ptr_array_add (place->frame->next, packets);
}

/* ---- chains */

/* Of packets that may have gone two ways, and are as they were, there are two: one of each is enough. */
static void
forget_twins (GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++)
    for (guint j = list->len; ((NetnsPackets *) g_ptr_array_index (list, i))->doubt != NULL && j > i + 1; j--) {
      const NetnsPackets *other = g_ptr_array_index (list, j - 1);

      if (other->doubt != NULL && netns_packets_equal (g_ptr_array_index (list, i), other))
        g_ptr_array_remove_index_fast (list, j - 1);
    }
}

static gboolean
accepts_all (const NetnsChain *chain, const NetnsPassage *passage)
{
  return chain->accepts != NULL
         && (g_strcmp0 (passage->in, chain->accepts) == 0 || g_strcmp0 (passage->out, chain->accepts) == 0);
}

/* Takes @packets.
 *
 * Returns: (transfer full) (element-type NetnsPackets): those that come out of it without a verdict */
static GPtrArray *
walk_chain (Walk *walk, const NetnsChain *chain, GPtrArray *packets, guint depth)
{
  static const NetnsByte registers[NETNS_REGISTERS]; /* nobody reads one that was not loaded */
  Frame frame = { packets, list_new (), depth };

  if (accepts_all (chain, walk->here.passage)) {
    g_ptr_array_extend_and_steal (walk->accepted, packets);
    return frame.returned;
  }
  for (guint i = 0; i < chain->rules->len && frame.next->len > 0 && walk->too_much == NULL; i++) {
    const NetnsRule *rule = g_ptr_array_index (chain->rules, i);
    g_autoptr (GPtrArray) before = frame.next;
    const Place place = { walk, &frame, rule, 0, registers, NULL, 0 };

    if (!netns_rule_can_decide (rule)) {
      before = NULL;
      continue;
    }
    frame.next = list_new ();
    g_ptr_array_set_free_func (before, NULL);
    for (guint j = 0; j < before->len; j++)
      walk_rule (&place, g_ptr_array_index (before, j));
    forget_twins (frame.next);
    if (frame.next->len + frame.returned->len + walk->accepted->len + walk->drops->len > KINDS_MAX)
      walk->too_much = rule;
  }
  g_ptr_array_extend_and_steal (frame.next, frame.returned);
  return frame.next;
}

static gboolean
is_passed (const NetnsChain *chain, const NetnsPassage *passage)
{
  return netns_chain_is_on_path (chain) && !netns_chain_is_ours (chain)
         && (strcmp (chain->type, "filter") == 0 || (strcmp (chain->type, "nat") == 0 && !passage->is_answer))
         && (chain->family == NFPROTO_INET
             || chain->family == (passage->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6));
}

/* Only connections are translated. */
static void
pass_untracked (GPtrArray *packets, GPtrArray *passed)
{
  for (guint i = packets->len; i > 0; i--)
    if (((NetnsPackets *) g_ptr_array_index (packets, i - 1))->untracked)
      g_ptr_array_add (passed, g_ptr_array_steal_index (packets, i - 1));
}

/* Takes @packets.
 *
 * Returns: (transfer full) (element-type NetnsPackets): those that pass */
static GPtrArray *
walk_base_chain (Walk *walk, const NetnsChain *chain, GPtrArray *packets)
{
  GPtrArray *passed = list_new ();

  if (strcmp (chain->type, "nat") == 0)
    pass_untracked (packets, passed);
  walk->here.chain = chain;
  walk->accepted = passed;
  packets = walk_chain (walk, chain, packets, 0);
  if (chain->drops) {
    g_ptr_array_set_free_func (packets, NULL);
    for (guint i = 0; i < packets->len; i++)
      drop (walk, g_ptr_array_index (packets, i), chain, NULL);
    g_ptr_array_unref (packets);
  } else {
    g_ptr_array_extend_and_steal (passed, packets);
  }
  forget_twins (passed);
  return passed;
}

/* ---- what comes of it */

static void
keep (NetnsPackets *packets, gpointer tag, gpointer list)
{
  g_ptr_array_add (list, packets);
}

/* Returns: (transfer full): that packets are among @of, as they came */
static NetnsCondition *
be_among (const NetnsPackets *of)
{
  NetnsCondition *condition = netns_condition_new (TRUE);
  NetnsCase *all = netns_condition_add (condition);

  for (NetnsVaries varies = 0; varies < NETNS_N_VARIES; varies++)
    netns_case_require (all, varies, g_array_ref (of->ranges[varies]));
  return condition;
}

/* Returns: (transfer full) (nullable): packets that are dropped on no way that they may go; %NULL if these are too many kinds */
static GPtrArray *
list_safe (const Walk *walk)
{
  g_autoptr (GPtrArray) left = list_new ();

  g_ptr_array_add (left, netns_passage_get_packets (walk->here.passage));
  for (guint i = 0; i < walk->drops->len && left->len <= KINDS_MAX; i++) {
    g_autoptr (NetnsCondition) others = be_among (g_array_index (walk->drops, Drop, i).packets);
    g_autoptr (GPtrArray) before = g_steal_pointer (&left);

    left = list_new ();
    for (guint j = 0; j < before->len; j++) {
      GPtrArray *gone
        = netns_condition_apply (others, g_ptr_array_index (before, j), NULL, walk->here.sizes, keep, left);

      g_ptr_array_unref (gone);
    }
  }
  return left->len <= KINDS_MAX ? g_steal_pointer (&left) : NULL;
}

/* Which part of all addresses they have. */
static double
measure_addresses (const Walk *walk, const NetnsPackets *packets)
{
  return netns_ranges_measure (packets->ranges[NETNS_VARIES_SOURCE], walk->here.sizes[NETNS_VARIES_SOURCE])
         * netns_ranges_measure (packets->ranges[NETNS_VARIES_DESTINATION], walk->here.sizes[NETNS_VARIES_DESTINATION]);
}

/* Whether, to one port at least, most packets of the passage are among @packets. */
static gboolean
are_most (const Walk *walk, const GPtrArray *packets)
{
  const NetnsVaries port = walk->here.passage->is_answer ? NETNS_VARIES_SOURCE_PORT : NETNS_VARIES_DESTINATION_PORT;
  g_autoptr (NetnsPackets) all = netns_passage_get_packets (walk->here.passage);
  const double half = measure_addresses (walk, all) * MOST;

  for (guint i = 0; i < MIN (packets->len, PORTS_MAX); i++) {
    g_autoptr (GArray) chosen = netns_ranges_new ();
    double sum = 0;

    g_array_append_val (chosen, g_array_index (((NetnsPackets *) packets->pdata[i])->ranges[port], NetnsRange, 0));
    memcpy (g_array_index (chosen, NetnsRange, 0).last, g_array_index (chosen, NetnsRange, 0).first, NETNS_VALUE_MAX);
    for (guint j = 0; j < packets->len; j++) {
      const NetnsPackets *some = g_ptr_array_index (packets, j);
      g_autoptr (GArray) both = netns_ranges_intersect (some->ranges[port], chosen);

      sum += both->len > 0 ? measure_addresses (walk, some) : 0;
    }
    if (sum >= half)
      return TRUE;
  }
  return FALSE;
}

/* Returns: where most packets were dropped, of equal ones the last place */
static const Drop *
find_drop (const Walk *walk)
{
  const Drop *largest = NULL;
  double most = -1;

  for (guint i = 0; i < walk->drops->len; i++) {
    const Drop *each = &g_array_index (walk->drops, Drop, i);
    double measure = measure_addresses (walk, each->packets);

    for (NetnsVaries port = NETNS_VARIES_SOURCE_PORT; port <= NETNS_VARIES_DESTINATION_PORT; port++)
      measure *= netns_ranges_measure (each->packets->ranges[port], walk->here.sizes[port]);
    if (measure < most)
      continue;
    most = measure;
    largest = each;
  }
  return largest;
}

static const NetnsRule *
find_doubt (const GPtrArray *packets)
{
  for (guint i = 0; i < packets->len; i++)
    if (((NetnsPackets *) g_ptr_array_index (packets, i))->doubt != NULL)
      return ((NetnsPackets *) g_ptr_array_index (packets, i))->doubt;
  return NULL;
}

static char *
describe (const Walk *walk, const NetnsRule *rule, const NetnsChain *chain)
{
  return rule ? netns_firewall_view_describe_rule (walk->view, rule) : netns_chain_describe_policy (chain);
}

static NetnsFate
judge (const Walk *walk, const GPtrArray *passed, char **reason)
{
  g_autoptr (GPtrArray) safe = walk->too_much ? NULL : list_safe (walk);
  const NetnsRule *doubt = walk->too_much ? walk->too_much : find_doubt (passed);
  const Drop *dropped = find_drop (walk);

  *reason = NULL;
  if (safe != NULL && are_most (walk, safe))
    return NETNS_FATE_PASSES;
  *reason = describe (walk, doubt || !dropped ? doubt : dropped->rule, dropped ? dropped->chain : NULL);
  if (safe == NULL || (doubt != NULL && are_most (walk, passed)))
    return NETNS_FATE_UNKNOWN;
  g_free (*reason);
  *reason = describe (walk, dropped->rule, dropped->chain);
  return NETNS_FATE_DROPPED;
}

static void
clear_drop (gpointer data)
{
  netns_packets_free (((Drop *) data)->packets);
}

static gboolean
any_sets_connection_mark (const GPtrArray *chains)
{
  for (guint i = 0; i < chains->len; i++) {
    const NetnsChain *chain = g_ptr_array_index (chains, i);

    for (guint j = 0; j < chain->rules->len; j++)
      if (netns_rule_sets_connection_mark (g_ptr_array_index (chain->rules, j)))
        return TRUE;
  }
  return FALSE;
}

/**
 * netns_firewall_view_judge:
 * @view: a picture of a firewall
 * @passage: packets that are forwarded
 * @reason: (out) (transfer full) (nullable): if they do not pass for sure, the foreign policy or rule that is to blame, with
 *   family, table and chain
 *
 * Returns: what comes of them
 */
NetnsFate
netns_firewall_view_judge (NetnsFirewallView *view, const NetnsPassage *passage, char **reason)
{
  static const guint hooks[] = { NF_INET_PRE_ROUTING, NF_INET_FORWARD, NF_INET_POST_ROUTING };
  const GPtrArray *chains = netns_firewall_view_get_chains (view);
  g_autoptr (GArray) drops = g_array_new (FALSE, FALSE, sizeof (Drop));
  Walk walk = { .view = view, .here = { .passage = passage }, .drops = drops };
  NetnsPackets *all = netns_passage_get_packets (passage);
  GPtrArray *packets = list_new ();
  NetnsFate fate;

  g_array_set_clear_func (drops, clear_drop);
  netns_here_set_sizes (&walk.here);
  if (passage->is_answer && any_sets_connection_mark (chains))
    all->connection_mark.known = 0;
  g_ptr_array_add (packets, all);
  for (gsize hook = 0; hook < G_N_ELEMENTS (hooks); hook++)
    for (guint i = 0; i < chains->len && packets->len > 0 && walk.too_much == NULL; i++) {
      const NetnsChain *chain = g_ptr_array_index (chains, i);

      if (chain->hook == hooks[hook] && is_passed (chain, passage))
        packets = walk_base_chain (&walk, chain, packets);
    }
  fate = judge (&walk, packets, reason);
  g_ptr_array_unref (packets);
  return fate;
}
