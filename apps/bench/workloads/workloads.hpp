#pragma once

namespace bench {

class benchmark;

// The sub-commands, one file each. What they measure, `troupe-bench --help` and all_workloads() say.

void roundtrip(benchmark& on);
void tasks(benchmark& on);
void maps(benchmark& on);
void payloads(benchmark& on);
void start(benchmark& on);
void idle(benchmark& on);
void death(benchmark& on);
void children(benchmark& on);
void makespan(benchmark& on);
void fairness(benchmark& on);
void sleepers(benchmark& on);
void books(benchmark& on);
void range(benchmark& on);

} // namespace bench
