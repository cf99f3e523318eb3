"""psycopg's AsyncConnectionPool with the same work as the other contenders, a task of asyncio for each.

PoolBenchmarks starts it: WORK TASKS OPERATIONS_PER_CALL WARM_UP DURATION CONNECTIONS, the times in nanoseconds.
"""

import asyncio
import json
import os
import random
import sys
import time

from psycopg_pool import AsyncConnectionPool

KEYS = 100_000


async def select_one(pool):
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT 1", prepare=True, binary=True)
        assert (await cursor.fetchone())[0] == 1


async def point_select(pool):
    key = random.randint(1, KEYS)
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT id, name FROM item WHERE id = %s", (key,), prepare=True, binary=True)
        assert (await cursor.fetchone())[0] == key


async def thousand_rows(pool):
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT id, total, name, ratio FROM record", prepare=True, binary=True)
        rows = await cursor.fetchall()
        assert len(rows) == 1000 and rows[999][1] == 999 * 4_000_000_007


async def main():
    work, (tasks, per_call, warm_up, duration, connections) = sys.argv[1], map(int, sys.argv[2:])
    operation = {"select1": select_one, "point": point_select, "rows": thousand_rows}[work]
    times, phase = [], "warming up"

    async def repeat(pool):
        started = time.perf_counter_ns()
        while phase != "stopped":
            current = phase
            for _ in range(per_call):
                await operation(pool)
            ended = time.perf_counter_ns()
            if current == "measuring":
                times.append((ended - started) // per_call)
            started = ended

    address = os.environ["POOL_BENCHMARK_ADDRESS"]
    # Without a transaction around each statement, as the others have it.
    async with AsyncConnectionPool(
            address, min_size=connections, max_size=connections, kwargs={"autocommit": True}) as pool:
        await pool.wait()
        running = [asyncio.create_task(repeat(pool)) for _ in range(tasks)]
        await asyncio.sleep(warm_up / 1e9)
        phase, start, processor_time = "measuring", time.perf_counter_ns(), time.process_time_ns()
        await asyncio.sleep(duration / 1e9)
        elapsed, processor_time = time.perf_counter_ns() - start, time.process_time_ns() - processor_time
        phase = "stopped"
        await asyncio.gather(*running)
    times.sort()
    print(json.dumps({
        "operations": len(times) * per_call, "elapsed": elapsed, "processorTime": processor_time,
        "p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "p999": times[int(len(times) * 0.999)]}))


asyncio.run(main())
