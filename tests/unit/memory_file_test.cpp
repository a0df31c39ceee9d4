// What a runtime and a zygote pass to each other beside short messages.
#include "link/birth_record.hpp"
#include "link/frame.hpp"
#include "link/memory_file.hpp"
#include "support/seeded.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>

using namespace troupe::link;
using troupe::base::unique_fd;

namespace {

std::vector<std::byte> bytes(std::size_t count) {
  std::vector<std::byte> result(count);
  std::generate(result.begin(), result.end(), [i = 0]() mutable { return std::byte(i++ * 7); });
  return result;
}

} // namespace

TEST_CASE("a memory file has what it was made with") {
  for (const std::size_t size : {0, 1, 4096, 1'000'003}) {
    INFO("size: " << size);
    CHECK(read_memory_file(make_memory_file(bytes(size)), size) == bytes(size));
  }
}

TEST_CASE("a memory file larger than allowed is refused") {
  CHECK_THROWS_AS(read_memory_file(make_memory_file(bytes(4097)), 4096), protocol_violation);
}

TEST_CASE("a descriptor that is no memory file is refused, and not read") {
  int pipe[2];
  REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  const unique_fd reader(pipe[0]);
  const unique_fd writer(pipe[1]);
  CHECK_THROWS_AS(read_memory_file(reader, 4096), protocol_violation);
  CHECK_THROWS_AS(read_memory_file(unique_fd(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), 4096),
    protocol_violation);
  CHECK_THROWS_AS(read_memory_file(unique_fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)),
                    std::size_t{1} << 40),
    protocol_violation);
  CHECK_THROWS_AS(read_memory_file(unique_fd(), 4096), protocol_violation);
}

TEST_CASE("both ends of a birth record see the same word, and none can cut it off") {
  birth_record own;
  CHECK(own.pid() == 0);
  birth_record other(unique_fd(::fcntl(own.fd(), F_DUPFD_CLOEXEC, 0)));
  other.place()->store(1234);
  CHECK(own.pid() == 1234);
  own.clear();
  CHECK(other.pid() == 0);
  CHECK(::ftruncate(own.fd(), 0) != 0);
  CHECK(errno == EPERM);
}
