#pragma once

#include "report.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

// What troupe is compared with. What the benchmark links is what its children load: baselines that bring libraries are
// programs of their own, beside it or in ../libexec/troupe, as are those in other languages. Arguments: "roundtrip
// COUNT", "tasks COUNT OUTSTANDING", "payload COUNT BYTES", "map COUNT", "start COUNT", "spin COUNT MICROSECONDS
// PROCESSES", as far as a baseline has that.

using words = std::vector<std::string>;

/// A remote actor of CAF in another process, over loopback TCP. Has roundtrip and tasks.
contender caf_program(const words& arguments);
/// ROUTER and DEALER in two processes, over ipc. Has roundtrip, tasks and payload.
contender zeromq_program(const words& arguments);
/// The book shop's pages: "scrape LATENCY_MS PAGES" with a pool, "parse PROCESSES PAGES" without network.
contender books_program(const std::string& name, const words& arguments);

/// Python's, with the best of several chunk sizes. Has roundtrip, map, payload, start and spin.
contender multiprocessing_pool(const words& arguments);
/// Has roundtrip, tasks and map.
contender process_pool_executor(const words& arguments);
/// Node's. Has roundtrip and tasks.
contender workerpool(const words& arguments);

// Without anything between: what the machine can do.

/// Two rings in shared memory, both sides spinning.
contender ring_round_trips(long count);
contender futex_round_trips(long count);
contender eventfd_round_trips(long count);
/// Integers through such rings, 256 at a time: a batch with nothing but the work.
contender ring_items(long count);
/// Four copies of that size between two buffers of this process that are warm.
contender memory_copies(std::size_t bytes, long count);
/// Four copies, two in each of two processes, there and back through memory that both have.
contender copies_through_shared_memory(std::size_t bytes, long count);
/// A process that is forked, or executed, and ends at once.
contender forked_processes(long count);
contender executed_processes(long count);
/// SIGKILL of a small process, until its pidfd tells.
contender kernel_deaths(long count);

} // namespace bench
