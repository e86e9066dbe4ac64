/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rule does with packets, expression by expression, as the kernel evaluates it (nft_do_chain()). */
#pragma once

#include "nft/evaluation.h"

NetnsResult netns_expression_evaluate (NetnsEvaluation *evaluation, const NetnsExpression *expression);
gboolean netns_expression_decides (const char *name);
