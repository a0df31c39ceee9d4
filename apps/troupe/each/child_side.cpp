#include "each/child_side.hpp"

#include "each/slot_outputs.hpp"

#include "command/run_command.hpp"
#include "command/start.hpp"

#include <cerrno>
#include <unordered_map>
#include <utility>

#include <sys/stat.h>
#include <sys/statvfs.h>

namespace troupe_cli {
namespace {

namespace asio = boost::asio;

/// What a child has for its inputs.
struct child_state {
  child_settings settings;
  std::unordered_map<std::size_t, slot_outputs> outputs; // by slot
  bool ending = false;
};

child_state& state() {
  static child_state instance;
  return instance;
}

command command_of(const input_job& job) {
  const auto& settings = state().settings;
  auto what = settings.common;
  what.id = job.what.number;
  const auto number = std::to_string(job.slot);
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
  if (state().ending) {
    end.end.cause = end_cause::cancelled;
    co_return end;
  }
  auto what = command_of(job);
  try {
    if (state().settings.manner == output_manner::files)
      co_await run_into_files(std::move(what), job.what.number, end);
    else if (state().settings.manner == output_manner::grouped)
      co_await run_grouped(std::move(what), job.slot, end);
    else
      end.end = co_await run_command(std::move(what), {});
  } catch (const start_problem& problem) {
    end.end.cause = end_cause::not_started;
    end.end.problem = problem.text;
    end.end.problem_number = problem.number;
  }
  end.disk_full = end.disk_full || end.end.problem_number == ENOSPC;
  co_return end;
}

} // namespace

void set_up_child(const child_settings& settings) {
  state().settings = settings;
}

asio::awaitable<input_end> run_input(input_job job) {
  return run_job(std::move(job));
}

void end_input(std::uint64_t number) {
  end_command(number);
}

void end_inputs() {
  state().ending = true;
  end_commands();
}

} // namespace troupe_cli
