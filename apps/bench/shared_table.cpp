// A table that main builds before the runtime is read by every child of start method `fork`, and the machine
// holds it once: prints what the kernel counts for each process.
#include <troupe/troupe.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

constexpr std::size_t children = 8;

std::vector<std::uint64_t> table;

std::uint64_t sum_of_table() {
  return std::accumulate(table.begin(), table.end(), std::uint64_t{0});
}

std::pair<pid_t, std::uint64_t> read_table(int) {
  return {::getpid(), sum_of_table()};
}

// In MB: what a process has resident, its share of that where pages are shared (PSS), and what is its alone.
void print_memory(const std::string& name, pid_t pid) {
  double resident = 0;
  double share = 0;
  double own = 0;
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string line; std::getline(file, line);) {
    const double value = std::strtod(line.c_str() + line.find(':') + 1, nullptr) / 1024;
    if (line.starts_with("Rss:"))
      resident = value;
    else if (line.starts_with("Pss:"))
      share = value;
    else if (line.starts_with("Private_"))
      own += value;
  }
  std::printf("%-10s %8.1f MB resident %8.1f MB share %8.1f MB its own\n", name.c_str(), resident,
    share, own);
}

void measure(troupe::runtime& rt) {
  const auto expected = sum_of_table();
  troupe::pool pool{rt, {.processes = children}};
  std::set<pid_t> readers;
  while (readers.size() < children)
    for (const auto& [pid, sum] : pool.map(read_table, std::vector<int>(4 * children)).get()) {
      if (sum != expected)
        throw std::runtime_error("a child has read another table");
      readers.insert(pid);
    }
  print_memory("parent", ::getpid());
  for (const auto& child : pool.stats().children)
    print_memory("child " + std::to_string(child.slot), child.pid);
}

} // namespace

// troupe-shared-table [MEGABYTES]
int main(int argc, char** argv) {
  const std::size_t megabytes = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500;
  table.resize(megabytes * 1024 * 1024 / sizeof(table[0]));
  std::iota(table.begin(), table.end(), std::uint64_t{1});
  troupe::runtime rt{argc, argv, {.start_method = troupe::start_method::fork}};
  try {
    measure(rt);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "troupe-shared-table: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
