// A child that says of segments what is not true, or writes into one while the parent reads it, harms nobody else.
#include "base/limits.hpp"
#include "link/segment_list.hpp"
#include "support/catch.hpp"
#include "support/functions.hpp"
#include "support/hostile_child.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <troupe/shared_buffer.hpp>

#include <atomic>
#include <chrono>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace troupe::test;
using namespace troupe::link;

namespace {

void write_frame(const frame_header& header, const std::vector<std::uint64_t>& payload = {}) {
  own_link().write(header, std::as_bytes(std::span(payload)));
}

void let_go(std::uint64_t number, std::uint64_t times) {
  frame_header header;
  header.kind = frame_kind::let_go;
  header.task = number;
  header.extra = times;
  write_frame(header);
}

constexpr std::uint64_t with_body = std::uint64_t{1} << 32; // beside the number of segments

constexpr int variants = 11;
void write_hostile(int variant, std::uint32_t cell, std::uint64_t own, std::uint64_t buffer) {
  frame_header header;
  header.kind = frame_kind::value;
  header.flags = names_segments;
  header.cell = cell;
  header.task = 1;
  switch (variant) {
  case 0: // no list
    write_frame(header);
    break;
  case 1: // cut off
    write_frame(header, {with_body | 1, 100});
    break;
  case 2: // a segment that never was
    write_frame(header, {with_body | 1, 100, own + 1});
    break;
  case 3: // longer than its segment
    write_frame(header, {with_body | 1, std::uint64_t{1} << 30, own});
    break;
  case 4: // longer than a message
    write_frame(header, {with_body | 1, ~std::uint64_t{0}, own});
    break;
  case 5: // many that are not there
    write_frame(header, {0xffffffff, 0, own});
    break;
  case 6: // a shared buffer that never was
    write_frame(header, {1, 0, buffer + 1});
    break;
  case 7: // a segment for results as a shared buffer
    write_frame(header, {1, 0, own});
    break;
  case 8: // a shared buffer as a segment for results
    write_frame(header, {with_body | 1, 4, buffer});
    break;
  case 9: // lets go what it does not have
    let_go(own, 1);
    break;
  case 10: // more often than it was told
    let_go(buffer, 1000);
    break;
  }
}

std::uint64_t number_in(const troupe::detail::bytes& encoded) {
  std::uint64_t number = 0;
  std::memcpy(&number, encoded.data(), sizeof number);
  return number;
}

void be_hostile(int variant) {
  const troupe::shared_buffer buffer(4096);
  troupe::detail::bytes named;
  troupe::encoder{named}(buffer);
  troupe::detail::bytes large;
  troupe::encoder{large}(std::string(1 << 20, 'x'));
  if (large.block() == nullptr)
    throw std::logic_error("there is no segment for a result");
  // The only task of the child so far.
  write_hostile(variant, own_link().own_cell(), large.block()->number(), number_in(named));
  std::this_thread::sleep_for(1h);
}

// Overwrites what it can of its segments, again and again, also while the parent reads them.
void scribble_for_ever() {
  std::thread([] {
    for (std::mt19937 random;;)
      for (const auto& segment : mappings_of("memfd:troupe-segment", " rw-s"))
        for (int i = 0; i < 20'000; ++i)
          segment[random() % segment.size()] = static_cast<std::uint8_t>(random());
  }).detach();
}

std::vector<std::string> many_words(int count) {
  return std::vector<std::string>(static_cast<std::size_t>(count), "a word of some letters");
}

} // namespace

TEST_CASE("a child that says of segments what is not true is ended, and nothing else") {
  for (int variant = 0; variant < variants; ++variant) {
    INFO("variant " << variant);
    troupe::pool pool{rt(), {.processes = 1}};
    auto hostile = pool.apply(be_hostile, variant);
    check_ended_by_violation(pool, hostile);
  }
}

TEST_CASE("a child that writes into its results while they are read costs these results at most") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK(pool.apply(many_words, 30'000).get().size() == 30'000);
  pool.apply(scribble_for_ever).get();
  int refused = 0;
  for (int i = 0; i < 30; ++i)
    try {
      const auto words = pool.apply(many_words, 30'000).get();
      CHECK(words.size() <= 30'000 * 30);
    } catch (const troupe::decode_error&) {
      ++refused;
    }
  CHECK(refused > 0);
  CHECK(pool.apply(square, 3).get() == 9);
}
