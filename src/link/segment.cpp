#include "link/segment.hpp"

#include "link/file_size_limit.hpp"
#include "link/memory_file.hpp"

#include <cerrno>
#include <memory>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>

namespace troupe::link {

namespace {

[[noreturn]] void fail_segment(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

constexpr const char* memory_of_segment = "memory for a segment that processes share";

// Until a segment has it.
struct unmap {
  std::size_t size;
  void operator()(std::byte* data) const noexcept { ::munmap(data, size); }
};
using mapped_memory = std::unique_ptr<std::byte, unmap>;

mapped_memory map_memory(int fd, std::size_t size, int protection, bool fills) {
  void* const at =
    ::mmap(nullptr, size, protection, MAP_SHARED | (fills ? MAP_POPULATE : 0), fd, 0);
  if (at == MAP_FAILED)
    fail_segment("mapping a segment that processes share");
  return {static_cast<std::byte*>(at), unmap{size}};
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  while (number == 0)
    if (::getrandom(&number, sizeof number, 0) != sizeof number)
      fail_segment("getrandom for the number of a segment");
  return number;
}

struct buffer_table {
  std::mutex mutex;
  std::unordered_map<std::uint64_t, segment*> known;
};

buffer_table& buffers() {
  // Never destroyed: a buffer may be a global object.
  static auto* const table = new buffer_table;
  return *table;
}

} // namespace

segment::segment(base::unique_fd fd, std::uint64_t number, std::byte* data, std::size_t size,
  std::shared_ptr<keeper> owner)
  : memory_block(number, data, size)
  , fd_(std::move(fd))
  , keeper_(std::move(owner)) {}

segment::~segment() {
  ::munmap(data(), capacity());
}

void segment::give_back() noexcept {
  std::unique_ptr<segment> self(this);
  if (const auto owner = keeper_)
    owner->take(std::move(self));
}

std::unique_ptr<segment> segment::make(
  std::size_t size, writers who, bool fills, std::shared_ptr<keeper> owner) {
  check_file_size(size, memory_of_segment);
  const auto number = random_number();
  base::unique_fd fd(::memfd_create("troupe-segment", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd)
    fail_segment("a descriptor for a segment that processes share");
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
    fail_segment("the size of a segment that processes share");
  if (fills)
    take_memory(fd.get(), size, memory_of_segment);
  auto data = map_memory(fd.get(), size, PROT_READ | PROT_WRITE, fills);
  std::unique_ptr<segment> made(
    new segment(std::move(fd), number, data.get(), size, std::move(owner)));
  static_cast<void>(data.release());
  // After the last seal there is no other one; the mapping above stays writable.
  const int seals =
    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | (who == writers::maker ? F_SEAL_FUTURE_WRITE : 0);
  if (::fcntl(made->fd(), F_ADD_SEALS, seals) != 0)
    fail_segment("sealing a segment that processes share");
  return made;
}

std::unique_ptr<segment> segment::map(base::unique_fd fd, std::uint64_t number, std::size_t size,
  bool writable, bool fills, std::shared_ptr<keeper> owner) {
  if (fills)
    take_memory(fd.get(), size, memory_of_segment);
  auto data = map_memory(fd.get(), size, writable ? PROT_READ | PROT_WRITE : PROT_READ, fills);
  std::unique_ptr<segment> made(
    new segment(std::move(fd), number, data.get(), size, std::move(owner)));
  static_cast<void>(data.release());
  return made;
}

void remember_buffer(segment& buffer) {
  auto& table = buffers();
  const std::lock_guard lock(table.mutex);
  table.known[buffer.number()] = &buffer;
}

void forget_buffer(const segment& buffer) noexcept {
  auto& table = buffers();
  const std::lock_guard lock(table.mutex);
  const auto found = table.known.find(buffer.number());
  if (found != table.known.end() && found->second == &buffer)
    table.known.erase(found);
}

namespace {

class buffer_keeper final : public segment::keeper {
public:
  void take(std::unique_ptr<segment> unused) noexcept override { forget_buffer(*unused); }
};

} // namespace

std::shared_ptr<segment::keeper> keeper_of_buffers() {
  static auto* const instance =
    new std::shared_ptr<buffer_keeper>(std::make_shared<buffer_keeper>());
  return *instance;
}

detail::block_ptr find_buffer(std::uint64_t number) noexcept {
  auto& table = buffers();
  const std::lock_guard lock(table.mutex);
  const auto found = table.known.find(number);
  // Under the lock it cannot be destroyed: its keeper forgets it first.
  return found == table.known.end() ? nullptr : found->second->share();
}

} // namespace troupe::link
