/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bask: lazy task graphs for C, evaluated by a work-stealing thread pool with shared-memory
 * futures.
 *
 * Read in this order: kernel.h (what tasks run), graph.h (describing work), client.h (running it),
 * task.h (options of single tasks), map.h (a million tasks in one call), future.h (results), data.h (many
 * values at once), as_completed.h (futures as they become done), buffer.h and type.h (large results, and
 * objects), spawn.h and loop.h (parallelism inside kernels, and without any graph), coordinate.h and
 * blocking.h (tasks that wait for each other, and for other things); pool.h is the thread pool alone.
 */
#ifndef BASK_H
#define BASK_H

#include "bask/as_completed.h"
#include "bask/blocking.h"
#include "bask/buffer.h"
#include "bask/client.h"
#include "bask/coordinate.h"
#include "bask/data.h"
#include "bask/future.h"
#include "bask/graph.h"
#include "bask/kernel.h"
#include "bask/log.h"
#include "bask/loop.h"
#include "bask/map.h"
#include "bask/pool.h"
#include "bask/spawn.h"
#include "bask/status.h"
#include "bask/task.h"
#include "bask/type.h"

#define BASK_VERSION_MAJOR 0
#define BASK_VERSION_MINOR 1
#define BASK_VERSION_PATCH 0
#define BASK_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is loaded, such as "0.1.0". */
BASK_API const char *bask_version(void);

/* The allocator that results come from in this process: "jemalloc" or "libc". */
BASK_API const char *bask_allocator(void);

#ifdef __cplusplus
}
#endif
#endif
