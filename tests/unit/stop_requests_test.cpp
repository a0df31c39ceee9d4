// Requests to stop, as the tasks of a child learn of them.
#include "child/tasks/stop_requests.hpp"
#include "support/baseline.hpp"
#include "support/catch.hpp"

#include <condition_variable>
#include <mutex>
#include <new>
#include <stop_token>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using namespace troupe;

namespace {

/// The cells of a child, of which those after the first page can be hidden: who looks there then crashes.
class hidden_cells {
public:
  hidden_cells()
    : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)))
    , memory_(
        ::mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    REQUIRE(memory_ != MAP_FAILED);
  }
  hidden_cells(const hidden_cells&) = delete;

  link::cell_table table() const {
    return {static_cast<link::cell_record*>(memory_),
      static_cast<std::uint32_t>(2 * page_ / sizeof(link::cell_record))};
  }
  std::uint32_t first_hidden() const {
    return static_cast<std::uint32_t>(page_ / sizeof(link::cell_record) + 1);
  }
  void hide() { ::mprotect(static_cast<char*>(memory_) + page_, page_, PROT_NONE); }

private:
  std::size_t page_;
  void* memory_;
};

} // namespace

TEST_CASE("a request to stop a plain function makes nobody look at tasks of other kinds") {
  // They stay: the thread that looks never ends.
  static auto& cells = *new hidden_cells;
  static auto& wanted = *new link::wishes();
  static auto& requests = *new child::stop_requests(cells.table(), wanted);

  const auto first_other = cells.first_hidden();
  std::vector<std::stop_token> others;
  for (std::uint32_t cell = first_other; cell < cells.table().size(); ++cell)
    others.push_back(requests.token(cell, cell, false));
  const auto token = requests.token(0, 7, true);
  cells.hide();

  std::mutex mutex;
  std::condition_variable changed;
  bool told = false;
  const std::stop_callback callback(token, [&] {
    const std::lock_guard lock(mutex);
    told = true;
    changed.notify_all();
  });
  cells.table().request_stop(0, 7);
  wanted.announce_stop();
  std::unique_lock lock(mutex);
  CHECK(changed.wait_for(lock, std::chrono::seconds(60), [&] { return told; }));
  lock.unlock();
  test::keep_for_all_tests();
  for (const auto& other : others)
    CHECK_FALSE(other.stop_requested());
}

TEST_CASE("a cell's next task does not get what the one before it was told") {
  hidden_cells cells;
  link::wishes wanted{};
  child::stop_requests requests(cells.table(), wanted);
  const auto before = requests.token(5, 1, false);
  cells.table().request_stop(5, 1);
  requests.stop(5);
  CHECK(before.stop_requested());
  requests.forget(5);
  const auto next = requests.token(5, 2, false);
  requests.stop(5);
  CHECK_FALSE(next.stop_requested());
}
