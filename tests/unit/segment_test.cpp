// Memory that processes share, the lists that name it, and bytes that lie in it.
#include "base/limits.hpp"
#include "link/segment.hpp"
#include "link/segment_list.hpp"
#include "link/segment_pool.hpp"
#include "support/catch.hpp"
#include "unit/encoding.hpp"
#include "values/block_source.hpp"

#include <troupe/codec.hpp>
#include <troupe/detail/bytes.hpp>
#include <troupe/detail/task_state.hpp>

#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using namespace troupe;
using link::segment;
using link::segment_pool;
using namespace troupe::test;

namespace {

detail::block_ptr make_block(std::size_t size = 4096) {
  return segment::lend(segment::make(size, segment::writers::everyone, true, nullptr));
}

int blocks_asked_for = 0;

detail::block_ptr counting_source(std::size_t least) noexcept {
  ++blocks_asked_for;
  return make_block(link::segment_size(least));
}

// Encoders get their blocks from `counting_source` while it lives. There is no runtime here that has another.
struct with_counting_source {
  with_counting_source() {
    blocks_asked_for = 0;
    values::set_block_source(&counting_source);
  }
  ~with_counting_source() { values::set_block_source(nullptr); }
};

} // namespace

TEST_CASE(
  "nobody can change the size of a segment, and none but its maker writes into one for arguments") {
  for (const auto who : {segment::writers::maker, segment::writers::everyone}) {
    const auto made = segment::make(8192, who, true, nullptr);
    std::memset(made->data(), 7, made->capacity());
    CHECK(::ftruncate(made->fd(), 0) != 0);
    CHECK(::ftruncate(made->fd(), 1 << 20) != 0);
    CHECK(::write(made->fd(), "x", 1) == (who == segment::writers::maker ? -1 : 1));
    void* const writable = ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, made->fd(), 0);
    CHECK((writable == MAP_FAILED) == (who == segment::writers::maker));
    if (writable != MAP_FAILED)
      ::munmap(writable, 8192);
    void* const readable = ::mmap(nullptr, 8192, PROT_READ, MAP_SHARED, made->fd(), 0);
    REQUIRE(readable != MAP_FAILED);
    CHECK(static_cast<const unsigned char*>(readable)[8191] == 7);
    CHECK(::mprotect(readable, 8192, PROT_READ | PROT_WRITE) ==
          (who == segment::writers::maker ? -1 : 0));
    ::munmap(readable, 8192);
  }
}

TEST_CASE("the sizes of segments are few, and waste little") {
  std::vector<std::size_t> sizes;
  for (std::size_t least = limits::least_segment_bytes; least < limits::max_value_bytes;
       least += least / 64) {
    const auto size = link::segment_size(least);
    CHECK(size >= least);
    CHECK(size <= least + least / 4);
    CHECK(size % 4096 == 0);
    if (sizes.empty() || sizes.back() != size)
      sizes.push_back(size);
  }
  CHECK(sizes.size() < 150);
}

TEST_CASE("a segment for arguments is used again, and given up when it has been idle") {
  auto& pool = segment_pool::of_process();
  pool.trim(std::chrono::steady_clock::now()); // what other tests have left
  auto first = pool.get(1 << 20);
  REQUIRE(first);
  const auto number = first->number();
  CHECK(first->capacity() >= 1 << 20);
  auto second = pool.get(1 << 20);
  REQUIRE(second);
  CHECK(second->number() != number);
  first.reset();
  CHECK(pool.contains(number));
  CHECK(pool.get(900'000)->number() == number);
  CHECK(pool.get(8 << 20)->number() != number); // which would be too small
  CHECK(pool.get(1 << 18)->number() == number);
  CHECK(pool.get(1 << 17)->number() != number); // which would be a waste
  CHECK(pool.trim(std::chrono::steady_clock::time_point{}));
  CHECK(pool.contains(number));
  CHECK_FALSE(pool.trim(std::chrono::steady_clock::now()));
  CHECK_FALSE(pool.contains(number));
  CHECK(pool.contains(second->number()));
}

TEST_CASE("there are no more segments for arguments than the limit") {
  auto& pool = segment_pool::of_process();
  std::vector<detail::block_ptr> kept;
  for (std::size_t i = 0; i < 2 * limits::max_argument_segments; ++i)
    if (auto one = pool.get(64 * 1024))
      kept.push_back(std::move(one));
  CHECK(kept.size() == limits::max_argument_segments);
  kept.pop_back();
  CHECK(pool.get(4 << 20)); // the idle one makes room
  kept.clear();
  CHECK_FALSE(pool.trim(std::chrono::steady_clock::now()));
}

TEST_CASE("a large string is encoded into one block, at once") {
  const with_counting_source counting;
  const std::string text(3 << 20, 'x');
  const auto bytes = encoded(text);
  CHECK(blocks_asked_for == 1);
  CHECK(bytes.block() != nullptr);
  CHECK(decoded<std::string>(detail::view(bytes)) == text);
  const std::vector<double> numbers(500'000, 1.5);
  CHECK(round_trip(numbers) == numbers);
  CHECK(blocks_asked_for == 2);
  CHECK(encoded(std::string(1000, 'x')).block() == nullptr);
  CHECK(blocks_asked_for == 2);
}

TEST_CASE("what grows in small parts arrives as it was") {
  const with_counting_source counting;
  std::vector<std::string> words;
  for (int i = 0; i < 100'000; ++i)
    words.push_back("word number " + std::to_string(i));
  CHECK(round_trip(words) == words);
  CHECK(blocks_asked_for > 1);
  CHECK(blocks_asked_for < 20);
}

TEST_CASE("elements of each size are decoded from any address") {
  const auto check = [](auto value) {
    for (std::size_t shift = 0; shift < 9; ++shift) {
      detail::bytes bytes;
      encoder out(bytes);
      for (std::size_t i = 0; i < shift; ++i)
        out('x');
      out(value);
      decoder in(detail::view(bytes));
      for (std::size_t i = 0; i < shift; ++i)
        static_cast<void>(in.make<char>());
      CHECK(in.make<decltype(value)>() == value);
      in.finish();
    }
  };
  check(std::vector<std::uint8_t>{1, 2, 3});
  check(std::vector<std::uint16_t>{1, 2, 3});
  check(std::vector<float>{1, 2, 3});
  check(std::vector<std::uint64_t>{1, 2, ~std::uint64_t{0}});
  check(std::u16string(u"äö"));
  check(std::u32string(U"äö"));
  check(std::vector<int>{});
  check(std::string());
  check(std::vector<double>(1 << 20, 0.5)); // for which large pages are asked
}

TEST_CASE("attached blocks go with bytes that are copied or moved, and are dropped with them") {
  const auto block = make_block();
  detail::bytes bytes;
  bytes.append("abc", 3);
  bytes.attach(block);
  bytes.attach(block);
  CHECK(bytes.attached(0) == block.get());
  CHECK(bytes.attached(1) == nullptr);
  CHECK(std::memcmp(bytes.data(), "abc", 3) == 0);
  auto copy = bytes;
  CHECK(copy.attached(0) == block.get());
  const auto moved = std::move(copy);
  CHECK(moved.attached(0) == block.get());
  CHECK(copy.attached(0) == nullptr); // NOLINT(bugprone-use-after-move): it is empty then
  bytes.append(std::string(100'000, 'x').data(), 100'000);
  CHECK(bytes.attached(0) == block.get());
  bytes.clear();
  CHECK(bytes.attached(0) == nullptr);
  CHECK_FALSE(bytes.has_blocks());
}

TEST_CASE("both parts of a batch that is divided keep the attached blocks") {
  const auto block = make_block();
  detail::bytes records;
  const std::uint32_t empty = 0;
  for (int i = 0; i < 4; ++i)
    records.append(&empty, sizeof empty);
  records.attach(block);
  const detail::task_ptr batch(new detail::task_state({}, std::move(records)));
  batch->items = 4;
  const auto rest = batch->divide(1);
  CHECK(batch->arguments().attached(0) == block.get());
  CHECK(rest->arguments().attached(0) == block.get());
}

TEST_CASE("a list of segments is read as it was written") {
  const auto block = make_block();
  const auto other = make_block();
  auto bytes = detail::bytes::in_block(block, 100);
  bytes.attach(other);
  const std::byte after[] = {std::byte{1}, std::byte{2}};
  const auto written = link::segment_list_of(bytes, true, after);
  const auto names = link::read_segment_list(written);
  CHECK(names.body == block->number());
  CHECK(names.body_size == 100);
  CHECK(names.attached == std::vector<std::uint64_t>{other->number()});
  CHECK(names.rest.size() == 2);
  for (std::size_t size = 0; size + sizeof after < written.size(); ++size)
    CHECK_THROWS_AS(
      link::read_segment_list(std::span(written).first(size)), link::protocol_violation);
}

TEST_CASE("no bytes are a list of segments that does harm") {
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) {
    std::vector<std::byte> garbage(random() % 64);
    for (auto& byte : garbage)
      byte = static_cast<std::byte>(random() % 3 == 0 ? random() : 0);
    try {
      const auto names = link::read_segment_list(garbage);
      CHECK(names.attached.size() * 8 + names.rest.size() <= garbage.size());
      CHECK(names.body_size <= limits::max_message_bytes);
    } catch (const link::protocol_violation&) {
    }
  }
}

TEST_CASE("a shared buffer is found for as long as somebody refers to it") {
  auto made = segment::make(4096, segment::writers::everyone, true, link::keeper_of_buffers());
  link::remember_buffer(*made);
  auto block = segment::lend(std::move(made));
  const auto number = block->number();
  CHECK(link::find_buffer(number) == block);
  CHECK(link::find_buffer(number + 1) == nullptr);
  block.reset();
  CHECK(link::find_buffer(number) == nullptr);
}
