#include "link/shared_region.hpp"

#include "link/file_size_limit.hpp"
#include "link/memory_file.hpp"
#include "os/memory_promise.hpp"

#include <cerrno>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>

namespace troupe::link {

namespace {

[[noreturn]] void fail_region(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::size_t whole_pages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

std::size_t cell_offset() {
  return (sizeof(region_header) + 63) / 64 * 64;
}

std::size_t mark_offset(std::size_t cells) {
  return cell_offset() + cells * sizeof(cell_record);
}

std::size_t head_bytes(std::size_t cells) {
  return whole_pages(mark_offset(cells) + stop_marks::words_for(cells) * sizeof(std::uint64_t));
}

// Where the kernel counts what it has promised, it may refuse a page when it is touched first, so all are allocated
// here. Elsewhere that would cost more than all the rest of a link.
void make_room(int fd, std::size_t bytes) {
  constexpr const char* what = "shared memory for the link to a child";
  check_file_size(bytes, what);
  if (os::memory_is_accounted())
    take_memory(fd, bytes, what);
  else if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0)
    fail_region(what);
}

} // namespace

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

shared_region::shared_region(link_size size)
  : fd_(::memfd_create("troupe-link", MFD_CLOEXEC | MFD_ALLOW_SEALING))
  , size_(size)
  , head_bytes_(head_bytes(size.cells)) {
  if (!fd_)
    fail_region("memfd_create for the link to a child");
  make_room(fd_.get(), head_bytes_ + 2 * ring_bytes());
  if (::fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    fail_region("sealing the shared memory of the link to a child");
  map();
}

shared_region::shared_region(base::unique_fd fd, link_size size)
  : fd_(std::move(fd))
  , size_(size)
  , head_bytes_(head_bytes(size.cells)) {
  map();
}

shared_region::~shared_region() {
  ::munmap(base_, mapped_bytes());
}

void shared_region::map() {
  const auto map_at = [this](void* at, std::size_t bytes, std::size_t file_offset, int flags) {
    return ::mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd_.get(),
      static_cast<off_t>(file_offset));
  };
  // In the file the rings follow the head. In memory each comes twice, so that what goes beyond its end is at its
  // beginning: the second copy of one ring and the first of the next follow each other in both.
  void* const all = map_at(nullptr, mapped_bytes(), 0, 0);
  if (all == MAP_FAILED)
    fail_region("mapping the shared memory of the link");
  base_ = static_cast<std::byte*>(all);
  const std::size_t ring = ring_bytes();
  if (map_at(base_ + head_bytes_ + ring, 2 * ring, head_bytes_, MAP_FIXED) == MAP_FAILED ||
      map_at(base_ + head_bytes_ + 3 * ring, ring, head_bytes_ + ring, MAP_FIXED) == MAP_FAILED) {
    const int error = errno;
    ::munmap(base_, mapped_bytes());
    throw std::system_error(
      error, std::generic_category(), "mapping the shared memory of the link");
  }
}

bool shared_region::detach() noexcept {
  return ::mmap(base_, mapped_bytes(), PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

cell_table shared_region::cells() const noexcept {
  return {reinterpret_cast<cell_record*>(base_ + cell_offset()), cell_count()};
}

stop_marks shared_region::stop_marks() const noexcept {
  return {
    reinterpret_cast<std::atomic<std::uint64_t>*>(base_ + mark_offset(cell_count())), cell_count()};
}

} // namespace troupe::link
