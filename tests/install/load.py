# SPDX-License-Identifier: Apache-2.0
"""load.py LIBRARY VERSION: uses libbask from a process that knew nothing of it when it started."""
import ctypes
import sys

library, version = sys.argv[1:]
bask = ctypes.CDLL(library)
bask.bask_version.restype = ctypes.c_char_p
bask.bask_allocator.restype = ctypes.c_char_p
bask.bask_client_workers.argtypes = bask.bask_close.argtypes = [ctypes.c_void_p]
bask.bask_pool_threads.argtypes = [ctypes.c_void_p]
bask.bask_pool_stop.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

assert bask.bask_version() == version.encode(), bask.bask_version()
assert bask.bask_allocator() == b"libc", bask.bask_allocator()
for address, workers in [(b"sync://", 1), (b"threads://3", 3)]:
    client = ctypes.c_void_p()
    assert bask.bask_open(address, ctypes.byref(client)) == 0
    assert bask.bask_client_workers(client) == workers
    bask.bask_close(client)
pool = ctypes.c_void_p()
assert bask.bask_pool_start(None, ctypes.byref(pool)) == 0
assert bask.bask_pool_threads(pool) >= 1
bask.bask_pool_stop(pool, None)
