#include "run/item_pool.hpp"

#include "command/run_command.hpp"
#include "run/json_items.hpp"

#include <troupe/module_coroutine.hpp>
#include <troupe/pool.hpp>

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <unistd.h>

namespace troupe_cli {

namespace {

troupe::call_form form_of(const item& one) {
  return one.is_text ? troupe::call_form::text_to_json : troupe::call_form::json;
}

// -- in children ----------------------------------------------------------------------------------------

class stopwatch {
public:
  item_value value(std::string json) const {
    const auto took = std::chrono::steady_clock::now() - begin_;
    return {std::move(json), std::chrono::duration_cast<std::chrono::microseconds>(took).count()};
  }

private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

item_value run_item(const item_work& work, item one) {
  const stopwatch watch;
  return watch.value(
    troupe::loaded_task::find(work.module, work.task).call(one.value, form_of(one)));
}

boost::asio::awaitable<item_value> run_coroutine_item(item_work work, item one) {
  const stopwatch watch;
  const auto form = form_of(one);
  co_return watch.value(
    co_await troupe::loaded_task::find(work.module, work.task).start(std::move(one.value), form));
}

command command_for(const item_work& work, const item& one, const std::string& output) {
  // A string in JSON is given as the text that it is.
  const auto text = one.is_text ? one.value : text_of_json(one.value);
  command what{.argv = work.command, .directory = work.directory, .stdout_file = output};
  bool placed = false;
  for (auto& word : what.argv)
    placed |= replace_braces(word, text);
  if (!placed && !text.empty())
    what.argv.push_back(text);
  return what;
}

// A file that has no name any more when this is gone.
class output_of_command {
public:
  output_of_command()
    : name_((std::filesystem::temp_directory_path() / "troupe-run-XXXXXX").native()) {
    const int fd = ::mkstemp(name_.data());
    if (fd < 0)
      throw std::system_error(errno, std::system_category(),
        "cannot make the file " + name_ + " for what a command writes (TMPDIR chooses the place)");
    ::close(fd);
  }
  output_of_command(const output_of_command&) = delete;
  output_of_command& operator=(const output_of_command&) = delete;
  ~output_of_command() { ::unlink(name_.c_str()); }

  const std::string& name() const noexcept { return name_; }
  std::string text() const {
    constexpr std::size_t most = std::size_t{64} << 20;
    if (std::filesystem::file_size(name_) > most)
      throw std::runtime_error("the command has written more than 64 MiB, which is too much for a "
                               "result: let it write to a file");
    std::ifstream in(name_, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.ends_with('\n'))
      text.pop_back();
    return text;
  }

private:
  std::string name_;
};

boost::asio::awaitable<item_value> run_command_item(item_work work, item one) {
  const stopwatch watch;
  const output_of_command output;
  const auto end = co_await run_command(command_for(work, one, output.name()), {-1, STDERR_FILENO});
  if (!end.ok())
    throw std::runtime_error(describe(end));
  co_return watch.value(json_of_text(output.text()));
}

} // namespace

// -- in the parent --------------------------------------------------------------------------------------

struct item_result::state {
  troupe::task_future<item_value> future{};
  item_value known{}; // without a future
};

item_result::item_result(std::unique_ptr<state> of) noexcept
  : state_(std::move(of)) {}
item_result::item_result(item_value value)
  : state_(new state{.known = std::move(value)}) {}
item_result::item_result(item_result&&) noexcept = default;
item_result& item_result::operator=(item_result&&) noexcept = default;
item_result::~item_result() = default;

item_value item_result::get() {
  return state_->future.valid() ? state_->future.get() : state_->known;
}

bool item_result::wait_for(std::chrono::milliseconds time) {
  return !state_->future.valid() || state_->future.wait_for(time);
}

bool item_result::done() const noexcept {
  return !state_->future.valid() || state_->future.done();
}

void item_result::cancel() {
  if (state_->future.valid())
    state_->future.cancel();
}

struct item_pool::state {
  state(troupe::runtime& rt, troupe::pool_options options)
    : pool(rt, std::move(options)) {}

  troupe::pool pool;
};

item_pool::item_pool(troupe::runtime& rt, troupe::pool_options options)
  : state_(new state(rt, std::move(options))) {}

item_pool::~item_pool() = default;

item_result item_pool::submit(
  const troupe::task_options& options, const item_work& work, item one) {
  auto& pool = state_->pool;
  const auto begin = [&](auto function) {
    return item_result(std::unique_ptr<item_result::state>(
      new item_result::state{.future = pool.apply(options, function, work, std::move(one))}));
  };
  if (!work.command.empty())
    return begin(run_command_item);
  switch (work.kind) {
  case troupe::module_task_kind::coroutine:
    return begin(run_coroutine_item);
  case troupe::module_task_kind::blocking:
    return begin(troupe::blocking(run_item));
  case troupe::module_task_kind::plain:
    break;
  }
  return begin(run_item);
}

void item_pool::resize(std::size_t processes) {
  state_->pool.resize(processes);
}

void item_pool::renew(const troupe::pool_options& now) {
  state_->pool.renew(now);
}

void item_pool::close() {
  state_->pool.close();
}

void item_pool::terminate() {
  state_->pool.terminate();
}

void item_pool::join() {
  state_->pool.join();
}

} // namespace troupe_cli
