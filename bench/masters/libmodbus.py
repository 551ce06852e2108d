"""libmodbus (C) as a master of the line bench, through ctypes: questions and replies as JSON, one a line.

Owns the measured loop of this peer; the same as in master-process.ts. The loop itself is Python, the transaction is C.
"""

import ctypes
import json
import resource
import sys
import time

UNIT = 1
WARM_UP_READS = 5
TIMEOUT_MS = 1000

lib = ctypes.CDLL("libmodbus.so.5", use_errno=True)
lib.modbus_new_rtu.restype = ctypes.c_void_p
lib.modbus_new_rtu.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_char, ctypes.c_int, ctypes.c_int]
for name, more in {
    "modbus_set_slave": [ctypes.c_int],
    "modbus_set_response_timeout": [ctypes.c_uint32, ctypes.c_uint32],
    "modbus_connect": [],
    "modbus_read_registers": [ctypes.c_int, ctypes.c_int, ctypes.c_void_p],
    "modbus_close": [],
    "modbus_free": [],
}.items():
    getattr(lib, name).argtypes = [ctypes.c_void_p, *more]


def measure(question):
    expected = question["values"]
    words = (ctypes.c_uint16 * len(expected))()
    ctx = lib.modbus_new_rtu(question["path"].encode(), question["baud"], b"N", 8, 2)
    lib.modbus_set_slave(ctx, UNIT)
    lib.modbus_set_response_timeout(ctx, TIMEOUT_MS // 1000, 0)
    if lib.modbus_connect(ctx) != 0:
        raise OSError(f"cannot open {question['path']}: errno {ctypes.get_errno()}")

    def read():
        if lib.modbus_read_registers(ctx, 0, len(expected), words) != len(expected) or list(words) != expected:
            raise ValueError(f"read {list(words)} instead of {expected}, errno {ctypes.get_errno()}")

    try:
        for _ in range(WARM_UP_READS):
            read()
        read_ms = []
        cpu_before, start = time.process_time(), time.perf_counter()
        before = start
        for _ in range(question["reads"]):
            read()
            after = time.perf_counter()
            read_ms.append((after - before) * 1000)
            before = after
        cpu_us = (time.process_time() - cpu_before) * 1e6
    finally:
        lib.modbus_close(ctx)
        lib.modbus_free(ctx)
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wallMs": (before - start) * 1000, "readMs": read_ms, "cpuUs": cpu_us, "rssMb": rss_mb}


for line in sys.stdin:
    try:
        reply = {"answer": measure(json.loads(line))}
    except (OSError, ValueError) as error:
        reply = {"error": str(error)}
    print(json.dumps(reply), flush=True)
