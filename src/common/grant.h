/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proof that a change was authorized. Only bus/call/authority.c can make one (the structure is defined there and
 * nowhere else), and every function that changes the kernel takes one first: code that forgot to ask polkit does not
 * compile. */
#pragma once

typedef struct _NetnsGrant NetnsGrant;
