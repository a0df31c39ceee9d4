// For instructions.sh: runs one of the paths that must stay cheap, COUNT times, and says who took part.
//   troupe-hot-paths roundtrip|apply|map COUNT
#include "outstanding.hpp"

#include <troupe/runtime.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

namespace {

using troupe::pool;

void run_path(pool& on, const char* path, long count) {
  if (std::strcmp(path, "roundtrip") == 0)
    for (long i = 0; i < count; ++i)
      bench::check_square(i, on.apply(bench::square, i).get());
  else if (std::strcmp(path, "apply") == 0)
    bench::apply_rate(on, count, 4096);
  else // in batches of a fixed size: by default they are sized by time, which would make the count a matter of time
    bench::map_rate(on, count, {.chunksize = 256, .buffersize = 4096});
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  if (argc != 3) {
    std::fprintf(stderr, "troupe-hot-paths: roundtrip|apply|map COUNT\n");
    return 2;
  }
  // Valgrind takes its time.
  pool on{rt, {.processes = 1,
                .start_timeout = std::chrono::minutes(5),
                .shutdown_timeout = std::chrono::minutes(5)}};
  const auto child = on.apply(::getpid).get();
  run_path(on, argv[1], std::atol(argv[2]));
  on.close();
  on.join();
  std::printf("parent %d child %d\n", ::getpid(), child);
}
