/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line for each method that does nothing but pass its arguments to a function of core/, which makes the plan, and for
 * each property that is an expression. */
#pragma once

#include "bus/tree/interface.h"

/* Defines @method, a `plan` of NetnsMethod. Its function is called with the service, the caller's uid, @thing if there is
 * any, and the arguments of the call as g_variant_get() unpacks @format: variables of these types, one for each. */
#define NETNS_PASS(method, function, thing)                                                                            \
  static NetnsPlan *method (NetnsCall *call, const NetnsObject *object, GError **error)                                \
  {                                                                                                                    \
    return function (call->core, call->uid, thing, error);                                                             \
  }

#define NETNS_PASS_1(method, function, thing, format, type)                                                            \
  static NetnsPlan *method (NetnsCall *call, const NetnsObject *object, GError **error)                                \
  {                                                                                                                    \
    type first = 0;                                                                                                    \
                                                                                                                       \
    g_variant_get (call->parameters, format, &first);                                                                  \
    return function (call->core, call->uid, NETNS_PASS_THING (thing) first, error);                                    \
  }

#define NETNS_PASS_2(method, function, thing, format, type_1, type_2)                                                  \
  static NetnsPlan *method (NetnsCall *call, const NetnsObject *object, GError **error)                                \
  {                                                                                                                    \
    type_1 first = 0;                                                                                                  \
    type_2 second = 0;                                                                                                 \
                                                                                                                       \
    g_variant_get (call->parameters, format, &first, &second);                                                         \
    return function (call->core, call->uid, NETNS_PASS_THING (thing) first, second, error);                            \
  }

#define NETNS_PASS_3(method, function, thing, format, type_1, type_2, type_3)                                          \
  static NetnsPlan *method (NetnsCall *call, const NetnsObject *object, GError **error)                                \
  {                                                                                                                    \
    type_1 first = 0;                                                                                                  \
    type_2 second = 0;                                                                                                 \
    type_3 third = 0;                                                                                                  \
                                                                                                                       \
    g_variant_get (call->parameters, format, &first, &second, &third);                                                 \
    return function (call->core, call->uid, NETNS_PASS_THING (thing) first, second, third, error);                     \
  }

#define NETNS_PASS_THING(...) __VA_ARGS__ __VA_OPT__ (, )

/* Defines @getter, a `get` of NetnsProperty: @value is made of the service, `core`, and the object, `object`. */
#define NETNS_GETTER(getter, value)                                                                                    \
  static GVariant *getter (NetnsCore *core, const NetnsObject *object)                                                 \
  {                                                                                                                    \
    return value;                                                                                                      \
  }
