#include "base/untouched_array.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using troupe::base::untouched_array;

namespace {

struct element {
  std::uint64_t number = 0;
  std::uint32_t other = 0;
};

[[maybe_unused]] std::size_t resident_pages(const untouched_array<element>& array) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = (reinterpret_cast<std::uintptr_t>(&array[0]) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(&array[array.size() - 1]) / page * page;
  std::vector<unsigned char> pages((end - first) / page);
  REQUIRE(::mincore(reinterpret_cast<void*>(first), end - first, pages.data()) == 0);
  std::size_t resident = 0;
  for (const auto each : pages)
    resident += each & 1u;
  return resident;
}

} // namespace

TEST_CASE("an untouched array begins as zeros, and moves with what is in it") {
  untouched_array<element> array(3);
  CHECK(array.size() == 3);
  CHECK(array[2].number == 0);
  array[1] = {7, 8};
  auto moved = std::move(array);
  CHECK(moved[1].number == 7);
  untouched_array<element> other(0);
  other = std::move(moved);
  CHECK(other.size() == 3);
  CHECK(other[1].other == 8);
}

#if !defined(__SANITIZE_THREAD__) // whose allocator writes the zeros
TEST_CASE("what is not touched of an untouched array takes no memory") {
  constexpr std::size_t count = std::size_t{4} << 20;
  untouched_array<element> array(count); // 64 MiB, more than the allocator keeps
  array[count / 2].number = 1;
  // Where huge pages are in use the one that was touched is 2 MiB.
  CHECK(resident_pages(array) <= (std::size_t{4} << 20) / 4096);
}
#endif
