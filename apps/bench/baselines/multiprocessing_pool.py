# multiprocessing.Pool at its best: WORKLOAD ARGUMENTS..., see baselines.hpp. Prints "WHAT VALUE UNIT" lines.
import multiprocessing
import sys
import time


def square(x):
    return x * x


def echo(text):
    return text


def spin(seconds):
    start = time.perf_counter()
    while True:
        worked = time.perf_counter() - start
        if worked >= seconds:
            return worked


def percentiles(times, unit):
    times.sort()
    many = len(times) >= 1000
    for name, part in ("p50", 0.5), ("p99", 0.99), ("p99.9" if many else "longest", 0.999 if many else 1):
        print(name, times[min(int(part * len(times)), len(times) - 1)], unit)


def roundtrip(context, count):
    with context.Pool(1) as pool:
        pool.apply(square, (1,))
        times = []
        for i in range(count):
            start = time.perf_counter()
            assert pool.apply(square, (i,)) == i * i
            times.append((time.perf_counter() - start) * 1e6)
    percentiles(times, "us")


def map_integers(context, count):
    with context.Pool(1) as pool:
        best = 0, 0
        for chunk in 256, 1024, 4096, 16384, 65536, 0:  # 0: Python's own choice
            items = list(range(count))
            start = time.perf_counter()
            results = pool.map(square, items, chunk or None)
            best = max(best, (count / (time.perf_counter() - start), chunk))
            assert results[-1] == (count - 1) ** 2
    print("rate", best[0], "items/s")
    print("chunk", best[1], "items")


def payload(context, count, size):
    with context.Pool(1) as pool:
        pool.apply(square, (1,))
        text = b"x" * size
        times = []
        for _ in range(count + 1):
            start = time.perf_counter()
            assert len(pool.apply(echo, (text,))) == size
            times.append((time.perf_counter() - start) * 1e3)
    later = sorted(times[1:])
    print("later", later[len(later) // 2], "ms")
    print("first", times[0], "ms")


def start_each(context, count):
    with context.Pool(1, maxtasksperchild=1) as pool:
        pool.apply(square, (1,))
        start = time.perf_counter()
        for i in range(count):
            pool.apply(square, (i,))
        print("a task", (time.perf_counter() - start) * 1e3 / count, "ms")


def spin_map(context, count, microseconds, processes):
    best = 0, 0
    for chunk in 1, 16, 256, 0:
        with context.Pool(processes) as pool:
            pool.map(spin, [0.0001] * processes * 4)
            start = time.perf_counter()
            worked = sum(pool.map(spin, [microseconds / 1e6] * count, chunk or None))
            took = time.perf_counter() - start
        best = max(best, (100 * worked / processes / took, took * 1000))
    print("of ideal", best[0], "%")
    print("makespan", best[1], "ms")


workloads = {"roundtrip": roundtrip, "map": map_integers, "payload": payload, "start": start_each, "spin": spin_map}
workloads[sys.argv[1]](multiprocessing.get_context("fork"), *map(int, sys.argv[2:]))
