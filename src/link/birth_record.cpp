#include "link/birth_record.hpp"

#include "link/memory_file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>

namespace troupe::link {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

static_assert(sizeof(std::atomic<std::int32_t>) == sizeof(pid_t));

birth_record::birth_record()
  : fd_(::memfd_create("troupe-zygote", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  if (!fd_)
    fail("memfd_create for a zygote");
  take_memory(fd_.get(), sizeof *word_, "shared memory for a zygote");
  if (::fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    fail("sealing the shared memory of a zygote");
  map();
}

birth_record::birth_record(base::unique_fd fd)
  : fd_(std::move(fd)) {
  map();
  if (::madvise(word_, sizeof *word_, MADV_DONTFORK) != 0)
    fail("keeping a zygote's shared memory from its children");
}

birth_record::~birth_record() {
  ::munmap(word_, sizeof *word_);
}

void birth_record::map() {
  void* mapped = ::mmap(nullptr, sizeof *word_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (mapped == MAP_FAILED)
    fail("mapping the shared memory of a zygote");
  word_ = static_cast<std::atomic<std::int32_t>*>(mapped);
}

} // namespace troupe::link
