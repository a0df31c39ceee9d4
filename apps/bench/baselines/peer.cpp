#include "peer.hpp"

#include <cerrno>
#include <csignal>
#include <new>
#include <system_error>

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

shared_memory::shared_memory(std::size_t size)
  : size_(size) {
  void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw std::bad_alloc();
  data_ = static_cast<std::byte*>(mapped);
}

shared_memory::~shared_memory() {
  ::munmap(data_, size_);
}

peer::peer(void (*serve)(void*), void* argument)
  : pid_(::fork()) {
  if (pid_ < 0)
    throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    serve(argument);
    ::_exit(0);
  }
}

peer::~peer() {
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void wait_while(const std::uint32_t* word, std::uint32_t value) {
  ::syscall(SYS_futex, word, FUTEX_WAIT, value, nullptr, nullptr, 0);
}

void wake(const std::uint32_t* word) {
  ::syscall(SYS_futex, word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

} // namespace bench
