# concurrent.futures.ProcessPoolExecutor at its best: WORKLOAD ARGUMENTS..., see baselines.hpp.
import collections
import concurrent.futures
import multiprocessing
import sys
import time


def square(x):
    return x * x


def roundtrip(pool, count):
    times = []
    for i in range(count):
        start = time.perf_counter()
        assert pool.submit(square, i).result() == i * i
        times.append((time.perf_counter() - start) * 1e6)
    times.sort()
    many = count >= 1000
    for name, part in ("p50", 0.5), ("p99", 0.99), ("p99.9" if many else "longest", 0.999 if many else 1):
        print(name, times[min(int(part * count), count - 1)], "us")


def tasks(pool, count, window):
    outstanding = collections.deque()
    start = time.perf_counter()
    for i in range(count):
        if len(outstanding) == window:
            outstanding.popleft().result()
        outstanding.append(pool.submit(square, i))
    for future in outstanding:
        future.result()
    print("rate", count / (time.perf_counter() - start), "tasks/s")


def map_integers(pool, count):
    best = 0, 0
    for chunk in 256, 1024, 4096, 16384, 65536:
        start = time.perf_counter()
        results = list(pool.map(square, range(count), chunksize=chunk))
        best = max(best, (count / (time.perf_counter() - start), chunk))
        assert results[-1] == (count - 1) ** 2
    print("rate", best[0], "items/s")
    print("chunk", best[1], "items")


with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as executor:
    executor.submit(square, 1).result()
    {"roundtrip": roundtrip, "tasks": tasks, "map": map_integers}[sys.argv[1]](executor, *map(int, sys.argv[2:]))
