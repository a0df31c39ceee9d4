#include "each/child_side.hpp"

#include "each/rules.hpp"
#include "each/slot_outputs.hpp"

#include "command/run_command.hpp"
#include "command/start.hpp"
#include "trace/trace_writer.hpp"

#include <troupe/codec.hpp>
#include <troupe/proxy_exception.hpp>
#include <troupe/this_child.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

// It arrives in the parent with what became of the attempt.
template <>
struct troupe::codec<troupe_cli::input_failed> {
  static void encode(encoder& out, const troupe_cli::input_failed& failure) { out(failure.end()); }
  static troupe_cli::input_failed decode(decoder& in) {
    return troupe_cli::input_failed(in.make<troupe_cli::input_end>());
  }
};

namespace troupe_cli {
namespace {

namespace asio = boost::asio;

/// What a child has for its inputs.
struct child_state {
  child_settings settings;
  std::unordered_map<std::size_t, slot_outputs> outputs; // by slot
  std::unordered_map<std::size_t, slot_temporary> temporaries;
  std::vector<std::size_t> free;           // slots, the lowest last
  std::deque<asio::steady_timer*> waiting; // for a slot
};

child_state& state() {
  static child_state instance;
  return instance;
}

// An input is sent before there is a slot for it, so that its command starts at once when another has ended. It is not to
// wait for a command that takes long.
constexpr std::chrono::milliseconds patience{50};

/// Waits for a slot. False if none became free in time.
asio::awaitable<bool> await_slot() {
  auto& here = state();
  if (!here.free.empty())
    co_return true;
  asio::steady_timer timer(co_await asio::this_coro::executor, patience);
  here.waiting.push_back(&timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  std::erase(here.waiting, &timer);
  co_return !here.free.empty();
}

/// A slot of this child, for as long as an input runs in it.
class slot_lease {
public:
  slot_lease()
    : slot_(state().free.back()) {
    state().free.pop_back();
  }
  slot_lease(const slot_lease&) = delete;
  slot_lease& operator=(const slot_lease&) = delete;
  ~slot_lease() {
    state().free.push_back(slot_);
    if (!state().waiting.empty())
      state().waiting.front()->cancel();
  }

  /// Among the slots of all children, from 1.
  std::size_t number() const {
    return troupe::this_child::slot() * state().settings.slots + slot_ + 1;
  }

private:
  std::size_t slot_;
};

command command_of(const input_job& job, std::size_t slot) {
  const auto& settings = state().settings;
  auto what = settings.common;
  const auto number = std::to_string(slot);
  what.argv = settings.form.expand(job.what, {std::to_string(job.what.number), number});
  what.environment.push_back("TROUPE_SLOT=" + number);
  return what;
}

bool is_full(const std::string& folder) {
  struct statvfs disk {};
  return ::statvfs(folder.c_str(), &disk) == 0 && disk.f_bavail == 0 && disk.f_blocks != 0;
}

std::uint64_t size_of(const std::string& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

asio::awaitable<void> run_into_files(command what, std::uint64_t number, input_end& end) {
  const auto& folder = state().settings.output_dir;
  auto files = make_output_pair(folder, number);
  what.stdout_file = files.out;
  what.stderr_file = files.err;
  end.end = co_await run_command(std::move(what), {});
  end.out.size = size_of(files.out);
  end.err.size = size_of(files.err);
  end.out.file = std::move(files.out);
  end.err.file = std::move(files.err);
  end.disk_full = !end.end.ok() && is_full(folder);
}

asio::awaitable<void> run_grouped(command what, std::size_t slot, input_end& end) {
  auto& outputs = state().outputs[slot];
  outputs.open(state().settings.spool);
  end.end = co_await run_command(std::move(what), outputs.descriptors());
  outputs.take(end);
}

asio::awaitable<input_end> run_job(input_job job) {
  input_end end;
  if (!co_await await_slot()) {
    end.begun = false;
    co_return end;
  }
  const slot_lease slot;
  end.child = ::getpid();
  end.child_slot = troupe::this_child::slot();
  end.began = trace_time();
  auto what = command_of(job, slot.number());
  auto& temporary = state().temporaries[slot.number()];
  try {
    what.environment.push_back("TMPDIR=" + temporary.get(state().settings.spool));
    if (state().settings.manner == output_manner::files)
      co_await run_into_files(std::move(what), job.what.number, end);
    else if (state().settings.manner == output_manner::grouped)
      co_await run_grouped(std::move(what), slot.number(), end);
    else
      end.end = co_await run_command(std::move(what), {});
  } catch (const start_problem& problem) {
    end.end.cause = end_cause::not_started;
    end.end.problem = problem.text;
    end.end.problem_number = problem.number;
  }
  temporary.clear();
  end.disk_full = end.disk_full || end.end.problem_number == ENOSPC;
  co_return end;
}

TROUPE_EXCEPTION(input_failed);

} // namespace

void set_up_child(const child_settings& settings) {
  state().settings = settings;
  for (auto slot = settings.slots; slot > 0; --slot)
    state().free.push_back(slot - 1);
}

asio::awaitable<input_end> run_input(input_job job) {
  auto end = co_await run_job(std::move(job));
  const auto how = outcome_of(end.end);
  if (end.begun && how != outcome::ok && how != outcome::cancelled)
    throw input_failed(std::move(end));
  co_return end;
}

} // namespace troupe_cli
