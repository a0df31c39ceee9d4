// What futures keep, and what is too large for a task.
#include "support/catch.hpp"
#include "support/process_info.hpp"
#include "support/test_runtime.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

constexpr std::size_t two_gigabytes = std::size_t{1} << 31;

std::size_t length_of(const std::string& text) {
  return text.size();
}

// A container of zeros that takes address space, but no memory.
class zeros {
public:
  using value_type = char;

  zeros() = default;
  explicit zeros(std::size_t size) { resize(size); }

  const char* begin() const noexcept { return data_.get(); }
  const char* end() const noexcept { return data_.get() + size_; }
  char* begin() noexcept { return data_.get(); }
  char* end() noexcept { return data_.get() + size_; }
  const char* data() const noexcept { return data_.get(); }
  char* data() noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  void clear() noexcept { size_ = 0; }
  void resize(std::size_t size) {
    void* const mapped = ::mmap(
      nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
      throw std::bad_alloc();
    data_ = {static_cast<char*>(mapped), [size](char* at) { ::munmap(at, size); }};
    size_ = size;
  }

private:
  std::shared_ptr<char> data_;
  std::size_t size_ = 0;
};

} // namespace

template <>
inline constexpr bool troupe::enable_container<zeros> = true;

namespace {

int take(const zeros&) {
  return 0;
}

zeros give(std::size_t size) {
  return zeros(size);
}

// Empty, or what the call threw instead of submitting.
template <class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const troupe::encode_error& e) {
    return e.what();
  }
  return {};
}

std::string refusal_in_child(troupe::pool_handle pool) {
  return refusal([&] { pool.apply(take, zeros(two_gigabytes)); });
}

} // namespace

#ifndef __SANITIZE_ADDRESS__ // which holds back what is freed
TEST_CASE(
  "300 futures of integers take no 300 megabytes because their arguments had a megabyte each") {
  troupe::pool pool{rt(), {.processes = 1}};
  const std::string megabyte(std::size_t{1} << 20, 'x');
  CHECK(pool.apply(length_of, megabyte).get() == megabyte.size());
  const auto before = resident_kilobytes(::getpid());
  std::vector<troupe::task_future<std::size_t>> kept;
  for (int i = 0; i < 300; ++i) {
    kept.push_back(pool.apply(length_of, megabyte));
    CHECK(kept.back().get() == megabyte.size());
  }
  CHECK(resident_kilobytes(::getpid()) < before + 100 * 1024);
}
#endif

TEST_CASE("an argument of two gigabytes is refused by the call, which takes no memory for it") {
  troupe::pool pool{rt(), {.processes = 1}};
  const auto before = resident_kilobytes(::getpid());
  const auto apply = refusal([&] { pool.apply(take, zeros(two_gigabytes)); });
  CHECK_THAT(
    apply, ContainsSubstring("at least 2147483652 bytes") && ContainsSubstring("pass it in parts"));
  CHECK_FALSE(refusal([&] { troupe::call(take, zeros(two_gigabytes)); }).empty());
  CHECK_FALSE(refusal([&] { troupe::queue<zeros>(rt(), 1).push(zeros(two_gigabytes)); }).empty());
  CHECK_FALSE(
    refusal([&] { pool.map(take, std::vector<zeros>(1, zeros(two_gigabytes))).get(); }).empty());
  CHECK(resident_kilobytes(::getpid()) < before + 100 * 1024);
  CHECK(pool.apply(take, zeros(1)).get() == 0);
}

TEST_CASE("a child that submits an argument of two gigabytes is refused, and goes on") {
  troupe::pool pool{rt(), {.processes = 1}};
  CHECK_FALSE(pool.apply(refusal_in_child, pool.handle()).get().empty());
  CHECK(pool.stats().deaths == 0);
}

TEST_CASE("a result of two gigabytes is its task's error") {
  troupe::pool pool{rt(), {.processes = 1}};
  try {
    pool.apply(give, two_gigabytes).get();
    FAIL("the task had a value");
  } catch (const troupe::proxy_exception& e) {
    CHECK(e.type() == "troupe::encode_error");
  }
  CHECK(pool.apply(length_of, "abc").get() == 3);
  CHECK(pool.stats().deaths == 0);
}
