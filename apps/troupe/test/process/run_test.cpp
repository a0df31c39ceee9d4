#include "test/process/run_test.hpp"

#include "command/descendants.hpp"
#include "command/leader.hpp"
#include "test/process/run_folder.hpp"
#include "test/process/test_zygotes.hpp"
#include "test/process/tracer.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace troupe_cli::test {
namespace {

namespace asio = boost::asio;

constexpr std::size_t largest_record = std::size_t{256} * 1024 * 1024;

void write_words(const std::string& file, const std::string& text) {
  if (text.empty())
    return;
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out)
    throw start_problem{"cannot write \"" + file + "\": " + std::strerror(errno), errno};
}

std::string read_part(std::ifstream& from, std::size_t at, std::size_t size) {
  std::string out(size, '\0');
  from.seekg(static_cast<std::streamoff>(at));
  from.read(out.data(), static_cast<std::streamsize>(size));
  out.resize(static_cast<std::size_t>(from.gcount()));
  return out;
}

std::string read_bounded(const std::string& path, std::size_t begin, std::size_t end) {
  std::ifstream file(path, std::ios::binary);
  struct stat status {};
  if (!file || ::stat(path.c_str(), &status) != 0)
    return {};
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size <= begin + end)
    return read_part(file, 0, size);
  auto out = read_part(file, 0, begin);
  out += "\n[... " + std::to_string(size - begin - end) + " bytes are left out ...]\n";
  return out + read_part(file, size - end, end);
}

/// The stacks of a process. Handlers of signals do not outlive this.
class traced_process : public std::enable_shared_from_this<traced_process> {
public:
  traced_process(const asio::any_io_executor& executor, pid_t pid)
    : signals_(executor)
    , pid_(pid) {}

  void begin(tracer::begun how) {
    tracer_ = std::make_unique<tracer>(pid_, how);
    signals_.add(SIGCHLD);
    await_stop();
    tracer_->handle_stops(); // what has stopped before the wait began
  }

  void read_hang() {
    if (!tracer_)
      begin(tracer::begun::later);
    hang_stacks_ = tracer_->read_all_stacks();
  }

  std::string take_stacks() {
    if (!hang_stacks_.empty())
      return std::move(hang_stacks_);
    return tracer_ ? tracer_->crash_stack() : std::string{};
  }

private:
  void await_stop() {
    signals_.async_wait([weak = weak_from_this()](const boost::system::error_code& error, int) {
      const auto self = weak.lock();
      if (error || !self)
        return;
      self->tracer_->handle_stops();
      self->await_stop();
    });
  }

  asio::signal_set signals_;
  pid_t pid_;
  std::unique_ptr<tracer> tracer_; // null if it is not traced yet
  std::string hang_stacks_;
};

/// Forks the process where its program can do so, or executes it. Nothing if it was cancelled before it began.
asio::awaitable<std::optional<started_command>> start_process(
  const process_order& order, const std::string& mark, attempt& into) {
  const auto folder = "TMPDIR=" + order.folder + "/tmp";
  if (!order.zygote_argv.empty()) {
    auto forked = co_await test_zygotes::of_this_process().fork(order, mark, folder);
    into.forked = forked.has_value();
    if (forked || co_await is_cancelled())
      co_return forked;
  }
  co_return start_command(order.what, {}, {mark, folder});
}

asio::awaitable<void> run_in_folder(const process_order& order, attempt& into) {
  const auto executor = co_await asio::this_coro::executor;
  const auto mark = running_commands::of_this_process().new_mark();
  const auto begun = co_await start_process(order, mark, into);
  if (!begun) {
    into.end.cause = end_cause::cancelled;
    co_return;
  }
  const auto& started = *begun;
  const auto began = std::chrono::steady_clock::now();
  auto process = std::make_shared<traced_process>(executor, started.pid);
  if (started.traced)
    process->begin(tracer::begun::with_process);
  auto& end = into.end;
  const std::function<void()> at_timeout = [&process] { process->read_hang(); };
  end.cause = co_await await_leader(started, mark, order.what, at_timeout);
  end.wall_time = std::chrono::steady_clock::now() - began;
  into.stacks = process->take_stacks();
  process.reset();
  const bool by_itself = end.cause == end_cause::itself;
  auto left =
    co_await end_descendants(started.pid, by_itself ? order.linger : std::chrono::milliseconds{0});
  if (by_itself) // what a process had no chance to end is not its fault
    end.left = std::move(left);
  reap_leader(started.pid, end);
}

} // namespace

asio::awaitable<attempt> run_test(process_order order) {
  co_await asio::this_coro::throw_if_cancelled(false);
  attempt out;
  try {
    const run_folder folder(order.folder);
    write_words(words_file(order.folder), order.words_text);
    order.what.timeout = order.timeout;
    order.what.traced = order.trace_from_start;
    order.what.stdout_file = output_file(order.folder);
    order.what.stderr_file = output_file(order.folder);
    co_await run_in_folder(order, out);
    out.output =
      read_bounded(output_file(order.folder), order.kept_output / 4, order.kept_output / 4 * 3);
    out.record = read_bounded(record_file(order.folder), largest_record, 0);
  } catch (const start_problem& problem) {
    out.end.cause = end_cause::not_started;
    out.end.problem = problem.text;
    out.end.problem_number = problem.number;
  }
  co_return out;
}

} // namespace troupe_cli::test
