// What the two processes share: the memory, one ring, and the control socket.
#include "link/control_socket.hpp"
#include "link/ring.hpp"
#include "link/shared_region.hpp"
#include "os/memory_promise.hpp"
#include "support/seeded.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <numeric>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

using namespace troupe::link;
using namespace troupe::os;
using troupe::base::unique_fd;
using namespace troupe::test;

namespace {

constexpr std::size_t small_capacity = 4096;
constexpr std::size_t max_piece = troupe::limits::max_piece_bytes(troupe::limits::ring_bytes);

// A ring in ordinary memory of exactly the size that a reader may touch, so that a sanitizer sees
// any read beyond it. Not mirrored: what is written must not cross the end.
struct heap_ring {
  explicit heap_ring(std::size_t ring_capacity)
    : capacity(ring_capacity)
    , data(std::make_unique<std::byte[]>(2 * ring_capacity)) {}

  ring_writer writer() { return {indices, data.get(), capacity}; }
  ring_reader reader() { return {indices, data.get(), capacity}; }
  /// A header at the beginning, and a head that says that `published` bytes have been written.
  void forge(std::uint32_t length, std::uint64_t published) {
    frame_header header;
    header.length = length;
    std::memcpy(data.get(), &header, sizeof header);
    indices.head = published;
  }

  std::size_t capacity;
  ring_indices indices{};
  std::unique_ptr<std::byte[]> data;
};

std::span<const std::byte> text(std::string_view s) {
  return std::as_bytes(std::span(s));
}

std::string string_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads all frames, every byte of them; the number of frames, or nothing for a violation.
std::optional<std::size_t> read_all(ring_reader reader) {
  try {
    std::size_t frames = 0;
    unsigned sum = 0;
    while (const auto frame = reader.next()) {
      for (const auto byte : frame->payload)
        sum += std::to_integer<unsigned>(byte);
      ++frames;
    }
    volatile unsigned used = sum;
    static_cast<void>(used);
    return frames;
  } catch (const protocol_violation&) {
    return std::nullopt;
  }
}

} // namespace

// -- one ring
// ---------------------------------------------------------------------------------------

TEST_CASE("frames come out of a ring as they went in") {
  heap_ring ring(small_capacity);
  auto writer = ring.writer();
  auto reader = ring.reader();
  CHECK_FALSE(reader.ready());
  CHECK_FALSE(reader.next());
  frame_header header;
  header.kind = frame_kind::value;
  header.cell = 5;
  header.task = 77;
  header.extra = 123;
  CHECK(writer.try_write(header, text("hello "), text("world")));
  CHECK(writer.try_write(header, {}));
  CHECK(reader.ready());
  const auto first = reader.next();
  REQUIRE(first);
  CHECK(first->header.length == 11);
  CHECK(first->header.kind == frame_kind::value);
  CHECK(first->header.cell == 5);
  CHECK(first->header.task == 77);
  CHECK(first->header.extra == 123);
  CHECK(string_of(first->payload) == "hello world");
  CHECK(reader.next()->payload.empty());
  CHECK_FALSE(reader.next());
}

TEST_CASE("a full ring takes no more until the reader has made room") {
  heap_ring ring(small_capacity);
  auto writer = ring.writer();
  auto reader = ring.reader();
  const std::vector<std::byte> payload(small_capacity / 8 - sizeof(frame_header));
  for (int i = 0; i < 8; ++i)
    CHECK(writer.try_write({}, payload));
  CHECK_FALSE(writer.try_write({}, {}));
  CHECK(reader.next());
  CHECK_FALSE(writer.try_write({}, {})); // read, but not yet released
  CHECK_FALSE(reader.release());         // nobody has asked
  CHECK(writer.try_write({}, payload));
  CHECK_FALSE(writer.try_write({}, {}));
  writer.ask_for_space();
  CHECK(reader.next());
  CHECK(reader.release());
  CHECK_FALSE(reader.release());
}

TEST_CASE("a reader refuses a head that cannot be") {
  for (const std::uint64_t head :
    {small_capacity + 8, small_capacity * 2, std::size_t{12}, std::size_t{1}, std::size_t{33}})
    CHECK(std::make_pair(head, [&] {
      heap_ring ring(small_capacity);
      ring.forge(0, head);
      return read_all(ring.reader());
    }()) == std::make_pair(head, std::optional<std::size_t>{}));
  for (const std::uint64_t head : {~std::uint64_t{0}, std::uint64_t{1} << 63, ~std::uint64_t{7}}) {
    heap_ring ring(small_capacity);
    ring.forge(0, head);
    CHECK_FALSE(read_all(ring.reader()));
  }
}

TEST_CASE("a reader refuses a head that goes backwards") {
  heap_ring ring(small_capacity);
  auto writer = ring.writer();
  auto reader = ring.reader();
  CHECK(writer.try_write({}, text("four byte")));
  CHECK(reader.next());
  ring.indices.head = 8;
  CHECK_THROWS_AS(reader.next(), protocol_violation);
}

TEST_CASE("a head may be a whole ring ahead of what was released, and no more") {
  heap_ring ring(small_capacity);
  auto writer = ring.writer();
  auto reader = ring.reader();
  const std::vector<std::byte> payload(small_capacity / 8 - sizeof(frame_header));
  CHECK(writer.try_write({}, payload));
  CHECK(reader.next());
  ring.indices.head =
    small_capacity + 8; // within the capacity of what was read, but not of what was released
  CHECK_THROWS_AS(reader.next(), protocol_violation);
}

TEST_CASE("a reader refuses a frame header that is cut off") {
  for (const std::uint64_t head : {8, 16, 24}) {
    heap_ring ring(small_capacity);
    ring.forge(0, head);
    CHECK_FALSE(read_all(ring.reader()));
  }
}

TEST_CASE("a reader takes pieces up to their maximum, and no longer ones") {
  constexpr std::size_t capacity = troupe::limits::ring_bytes;
  const auto frames = [](std::uint32_t length, std::size_t behind_header) {
    heap_ring ring(capacity);
    ring.forge(length, sizeof(frame_header) + behind_header);
    return read_all(ring.reader());
  };
  CHECK(frames(0, 0) == 1);
  CHECK(frames(max_piece, max_piece) == 1);
  CHECK_FALSE(frames(max_piece + 1, max_piece + 8));
  CHECK_FALSE(frames(0x80000000, max_piece));
  CHECK_FALSE(frames(0xffffffff, max_piece));
  CHECK_FALSE(frames(0xfffffff9, max_piece));
  CHECK_FALSE(frames(9, 8)); // more than was published
  CHECK_FALSE(frames(1, 0));
}

TEST_CASE("a ring with corrupted bytes yields frames or a protocol_violation") {
  std::size_t violations = 0;
  heap_ring ring(small_capacity);
  for_each_seed(5'000, [&](random_source& random) {
    ring.indices.head = 0;
    ring.indices.tail = 0;
    auto writer = ring.writer();
    const std::vector<std::byte> payload(200, std::byte{1});
    while (writer.try_write({}, std::span(payload).first(random.below(payload.size()))))
      if (random.one_in(20))
        break;
    const auto written = ring.indices.head.load();
    for (auto changes = 1 + random.below(4); changes > 0; --changes) {
      const auto value = random.one_in(2) ? random.word() : random.below(small_capacity);
      if (random.one_in(8))
        ring.indices.head = value;
      else if (random.one_in(2))
        std::memcpy(ring.data.get() + random.below(written / 8) * 8, &value, sizeof value);
      else
        ring.data[random.below(written)] = static_cast<std::byte>(value);
    }
    violations += !read_all(ring.reader());
  });
  CHECK(violations > 100);
}

TEST_CASE("a writer does not write where a tail cannot be") {
  heap_ring ring(small_capacity);
  auto writer = ring.writer();
  const std::vector<std::byte> payload(small_capacity - sizeof(frame_header));
  CHECK(writer.try_write({}, payload));
  ring.indices.tail = small_capacity + 4096;
  CHECK_FALSE(writer.try_write({}, payload));
}

// -- the shared memory
// ------------------------------------------------------------------------------

TEST_CASE("nobody can change the size of the shared memory") {
  const shared_region region(link_size{8});
  const auto size = ::lseek(region.fd(), 0, SEEK_END);
  CHECK(size > 0);
  for (const off_t other : {off_t{0}, size - 1, size + 4096}) {
    CHECK(::ftruncate(region.fd(), other) == -1);
    CHECK(errno == EPERM);
  }
  CHECK(::fcntl(region.fd(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
  CHECK(errno == EPERM);
}

TEST_CASE("both processes see the same memory, each ring twice in a row") {
  shared_region ours(link_size{8});
  const shared_region theirs(unique_fd(::fcntl(ours.fd(), F_DUPFD_CLOEXEC, 0)), link_size{8});
  ours.close_fd();
  CHECK(ours.fd() == -1);
  CHECK(ours.cell_count() == 8);
  ours.to_child_data()[5] = std::byte{42};
  ours.to_parent_data()[2 * troupe::limits::ring_bytes - 1] = std::byte{43};
  ours.cells().put(7, 99);
  ours.header().current = 3;
  CHECK(theirs.to_child_data()[5] == std::byte{42});
  CHECK(theirs.to_child_data()[troupe::limits::ring_bytes + 5] == std::byte{42});
  CHECK(theirs.to_parent_data()[troupe::limits::ring_bytes - 1] == std::byte{43});
  CHECK(theirs.cells().claim(7, 99));
  CHECK(ours.cells().close(7, 99) == 1);
  CHECK(theirs.header().current == 3);
}

TEST_CASE("shared memory costs nothing before it is touched, unless the kernel counts it at once") {
  const shared_region region(link_size{8192});
  struct stat info {};
  REQUIRE(::fstat(region.fd(), &info) == 0);
  if (troupe::os::memory_is_accounted())
    CHECK(info.st_blocks * 512 >= info.st_size);
  else
    CHECK(info.st_blocks == 0);
}

TEST_CASE("shared memory starts as zeros") {
  const shared_region region(link_size{100});
  const auto* begin = reinterpret_cast<const std::byte*>(&region.header());
  CHECK(std::all_of(
    begin, begin + sizeof(region_header), [](std::byte b) { return b == std::byte{0}; }));
  for (std::uint32_t cell = 0; cell < 100; ++cell)
    CHECK_FALSE(region.cells().is_unstarted(cell, 0));
}

// -- the control socket
// -----------------------------------------------------------------------------

namespace {

struct number_message {
  std::uint64_t number = 0;
};

receive_result receive(const unique_fd& socket, number_message& message, unique_fd* fds = nullptr,
  std::size_t fd_count = 0) {
  return receive_control(socket.get(), &message, sizeof message, fds, fd_count);
}

struct pipe_ends {
  unique_fd read;
  unique_fd write;
  pipe_ends() {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
  /// Whether nobody has the writing end any more.
  bool at_end() const {
    char byte = 0;
    return ::read(read.get(), &byte, 1) == 0;
  }
};

} // namespace

TEST_CASE("control messages arrive one by one in both directions") {
  const auto [a, b] = make_control_sockets();
  number_message message;
  CHECK(receive(a, message) == receive_result::nothing);
  CHECK(send_control(a.get(), number_message{1}));
  CHECK(send_control(a.get(), number_message{2}));
  CHECK(send_control(b.get(), number_message{3}));
  CHECK(receive(b, message) == receive_result::message);
  CHECK(message.number == 1);
  CHECK(receive(b, message) == receive_result::message);
  CHECK(message.number == 2);
  CHECK(receive(b, message) == receive_result::nothing);
  CHECK(receive(a, message) == receive_result::message);
  CHECK(message.number == 3);
}

TEST_CASE("control sockets do not leak into other programs") {
  const auto [a, b] = make_control_sockets();
  CHECK((::fcntl(a.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(b.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a control message of a wrong size is a violation") {
  const auto [a, b] = make_control_sockets();
  const char bytes[64] = {};
  number_message message;
  for (const std::size_t size : {1, 7, 9, 64}) {
    CHECK(send_control(a.get(), bytes, size));
    CHECK_THROWS_AS(receive(b, message), protocol_violation);
  }
  CHECK(receive(b, message) == receive_result::nothing);
}

TEST_CASE("what a peer said before it closed is heard, and then that it is gone") {
  auto [a, b] = make_control_sockets();
  number_message message;
  CHECK(send_control(a.get(), number_message{4}));
  a.reset();
  CHECK(receive(b, message) == receive_result::message);
  CHECK(receive(b, message) == receive_result::closed);
  CHECK_FALSE(send_control(b.get(), number_message{5}));
}

TEST_CASE("a peer that does not read does not block the sender") {
  const auto [a, b] = make_control_sockets();
  int sent = 0;
  while (sent < 100'000 && send_control(a.get(), number_message{}))
    ++sent;
  CHECK(sent > 0);
  CHECK(sent < 100'000);
}

TEST_CASE("descriptors travel with a control message") {
  const auto [a, b] = make_control_sockets();
  pipe_ends first;
  pipe_ends second;
  const int fds[] = {first.write.get(), second.write.get()};
  const number_message hello{6};
  CHECK(send_control(a.get(), &hello, sizeof hello, fds, 2));
  unique_fd received[2];
  number_message message;
  CHECK(receive(b, message, received, 2) == receive_result::message);
  CHECK(message.number == 6);
  REQUIRE(received[0]);
  REQUIRE(received[1]);
  CHECK((::fcntl(received[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
  first.write.reset();
  second.write.reset();
  CHECK_FALSE(first.at_end());
  received[0].reset();
  CHECK(first.at_end());
  CHECK_FALSE(second.at_end());
}

TEST_CASE("descriptors that nobody asked for are closed") {
  const auto [a, b] = make_control_sockets();
  pipe_ends wanted;
  pipe_ends surplus;
  const int fds[] = {wanted.write.get(), surplus.write.get(), surplus.write.get()};
  const number_message hello{6};
  CHECK(send_control(a.get(), &hello, sizeof hello, fds, 3));
  unique_fd received[1];
  number_message message;
  CHECK(receive(b, message, received, 1) == receive_result::message);
  surplus.write.reset();
  wanted.write.reset();
  CHECK(surplus.at_end());
  CHECK_FALSE(wanted.at_end());
}

TEST_CASE("descriptors of a message of a wrong size are closed") {
  const auto [a, b] = make_control_sockets();
  pipe_ends surplus;
  const int fd = surplus.write.get();
  CHECK(send_control(a.get(), "x", 1, &fd, 1));
  number_message message;
  CHECK_THROWS_AS(receive(b, message), protocol_violation);
  surplus.write.reset();
  CHECK(surplus.at_end());
}

TEST_CASE("descriptors that come with an empty control message are closed") {
  auto [a, b] = make_control_sockets();
  pipe_ends pipe;
  const int sent = pipe.write.get();
  CHECK(send_control(a.get(), "", 0, &sent, 1));
  number_message message;
  CHECK(receive(b, message) == receive_result::closed);
  pipe.write.reset();
  CHECK(pipe.at_end()); // nobody else has the other end
}

TEST_CASE("a writer refuses a tail that cannot be, again and again") {
  heap_ring ring(small_capacity);
  auto writer = ring.writer();
  const std::vector<std::byte> payload(small_capacity - sizeof(frame_header));
  CHECK(writer.try_write({}, payload));
  ring.indices.tail = 2 * small_capacity;
  CHECK_FALSE(writer.try_write({}, payload));
  CHECK_FALSE(writer.try_write({}, payload));
}

TEST_CASE("a reader refuses what follows a violation") {
  heap_ring ring(small_capacity);
  auto writer = ring.writer();
  auto reader = ring.reader();
  const std::vector<std::byte> payload(9);
  CHECK(writer.try_write({}, payload));
  CHECK(reader.next());
  ring.indices.head = 8;
  CHECK_THROWS_AS(reader.next(), protocol_violation);
  CHECK_THROWS_AS(reader.next(), protocol_violation);
}
