#include "link_attack.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace torture {

namespace {

using memory = std::span<std::uint8_t>;

constexpr int most_descriptors = 256;

// The parts of the library's shared memory that can be written to.
std::vector<memory> shared_memory() {
  std::vector<memory> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (line.find("memfd:troupe-") != std::string::npos &&
        line.find("memfd:troupe-torture") == std::string::npos &&
        line.find(" rw-s ") != std::string::npos &&
        std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2)
      found.emplace_back(reinterpret_cast<std::uint8_t*>(begin), end - begin);
  }
  return found;
}

// Not the account, which is honest.
bool is_of_link(int fd) {
  std::array<char, 256> target{};
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  return ::fcntl(fd, F_GETFD) != -1 &&
         ::readlink(link.c_str(), target.data(), target.size() - 1) > 0 &&
         std::strstr(target.data(), "troupe-torture") == nullptr;
}

template <class F>
void for_each_descriptor(F f) {
  for (int fd = 3; fd < most_descriptors; ++fd)
    if (is_of_link(fd))
      f(fd);
}

void scribble(std::mt19937_64& random, int bytes, std::size_t within) {
  const auto parts = shared_memory();
  for (int i = 0; i < bytes && !parts.empty(); ++i) {
    const auto& part = parts[random() % parts.size()];
    part[random() % std::min(part.size(), within)] = static_cast<std::uint8_t>(random());
  }
}

// Words that look as if they belonged there: a little more or less than what was there, a bit, an extreme.
void falsify_words(std::mt19937_64& random, int words, std::size_t within) {
  const auto parts = shared_memory();
  for (int i = 0; i < words && !parts.empty(); ++i) {
    const auto& part = parts[random() % parts.size()];
    auto* const word = reinterpret_cast<std::uint64_t*>(part.data()) +
                       random() % (std::min(part.size(), within) / sizeof(std::uint64_t));
    switch (random() % 5) {
    case 0:
      *word += 8 * (random() % 64);
      break;
    case 1:
      *word -= 8 * (random() % 64);
      break;
    case 2:
      *word ^= std::uint64_t{1} << random() % 64;
      break;
    case 3:
      *word = ~std::uint64_t{0};
      break;
    default:
      *word = random();
    }
  }
}

void send_garbage(std::mt19937_64& random, int fd) {
  std::array<std::uint64_t, 128> garbage{};
  for (auto& word : garbage)
    word = random() % 2 == 0 ? random() : random() % 64;
  const auto bytes = 1 + random() % sizeof garbage;
  if (::send(fd, garbage.data(), bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) [[maybe_unused]]
    const auto written = ::write(fd, garbage.data(), bytes);
}

void pass_descriptors(std::mt19937_64& random, int fd) {
  constexpr std::size_t most = 250; // SCM_MAX_FD is 253
  std::vector<int> passed;
  for (std::size_t i = 0; i < 1 + random() % most; ++i)
    passed.push_back(random() % 2 == 0 ? fd : STDERR_FILENO);
  std::array<std::uint64_t, 8> words{};
  for (auto& word : words)
    word = random() % 16;
  iovec body{words.data(), 8 * (1 + random() % words.size())};
  std::vector<char> control(CMSG_SPACE(passed.size() * sizeof(int)));
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(passed.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), passed.data(), passed.size() * sizeof(int));
  for (int i = 0; i < 20; ++i)
    if (::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
      break;
}

// Until it takes no more.
void flood(int fd) {
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  const std::uint64_t one = 1;
  for (int i = 0; i < 100'000; ++i)
    if (::write(fd, &one, sizeof one) < 0)
      break;
}

} // namespace

void attack_link(std::uint64_t way, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  constexpr std::size_t header = 1024; // where the indices of the rings are
  constexpr std::size_t everywhere = ~std::size_t{0};
  switch (way % attack_ways) {
  case 0:
    return scribble(random, 100'000, everywhere);
  case 1:
    return scribble(random, 20'000, header);
  case 2:
    return falsify_words(random, 1 + static_cast<int>(random() % 4), header);
  case 3:
    return falsify_words(random, 2000, 65'536);
  case 4:
    return for_each_descriptor([&](int fd) { send_garbage(random, fd); });
  case 5:
    return for_each_descriptor([&](int fd) { pass_descriptors(random, fd); });
  case 6:
    return for_each_descriptor(flood);
  case 7: // what was not to block does
    return for_each_descriptor([](int fd) { ::fcntl(fd, F_SETFL, 0); });
  case 8:
    return for_each_descriptor([](int fd) { ::close(fd); });
  case 9:
    return for_each_descriptor([](int fd) { ::shutdown(fd, SHUT_RDWR); });
  case 10: { // other things under the same numbers
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    return for_each_descriptor([null](int fd) {
      if (fd != null)
        ::dup2(null, fd);
    });
  }
  default: // all at once, while the parent reads
    for (int round = 0; round < 50; ++round) {
      falsify_words(random, 20, header);
      scribble(random, 200, everywhere);
      for_each_descriptor([&](int fd) { send_garbage(random, fd); });
    }
  }
}

} // namespace torture
