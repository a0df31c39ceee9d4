// Whatever a file has that is given as a journal: `troupe log` shows it and a run goes on with it, or a problem is named.
// The first byte says what the rest is: 0 the bytes of the file; 1 SQL, which makes the file; otherwise changes of a good
// journal, of five bytes each: where, and by what.
#include "journal/journal.hpp"
#include "fuzz/target.hpp"
#include "fuzz/text_file.hpp"
#include "journal/log.hpp"
#include "problems.hpp"

#include <sqlite3.h>

#include <cstring>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

using namespace troupe::fuzz;
using namespace troupe_cli;

namespace {

const temporary_directory& directory() {
  static const temporary_directory one;
  return one;
}

void remove_file(const std::filesystem::path& file) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    std::filesystem::remove(file.string() + suffix);
}

std::string good_journal() {
  const auto file = directory() / "good";
  {
    journal one(file, false, "troupe each");
    for (int i = 0; i < 3; ++i) {
      const auto attempt =
        one.begin({content_key({"a", std::to_string(i)}), 1, 1, "input", "command"});
      one.keep_output({attempt, "input", "out", "err", "", ""});
      one.keep_result(attempt, "5");
      attempt_end end;
      end.outcome = i == 1 ? "exit" : "ok";
      one.end(attempt, end);
    }
    one.finish("all");
  }
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void make_by_sql(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  if (sqlite3_open(file.c_str(), &handle) == SQLITE_OK) {
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0); // no other file
    sqlite3_limit(handle, SQLITE_LIMIT_VDBE_OP, 10'000);
    sqlite3_progress_handler(
      handle, 10'000, [](void*) { return 1; }, nullptr);
    sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
  }
  sqlite3_close(handle);
}

void make_file(const std::filesystem::path& file, const std::uint8_t* data, std::size_t size) {
  if (data[0] == 0)
    return write_file(file, data + 1, size - 1);
  if (data[0] == 1)
    return make_by_sql(file, std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  static const auto good = good_journal();
  auto bytes = good;
  for (std::size_t at = 1; at + 5 <= size; at += 5) {
    std::uint32_t where = 0;
    std::memcpy(&where, data + at, sizeof where);
    bytes[where % bytes.size()] = static_cast<char>(data[at + 4]);
  }
  write_file(file, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

// Calls it; a problem that it names is in order.
template <class Function>
void attempt(Function function) {
  try {
    function();
  } catch (const usage_problem&) {
  } catch (const broken_problem& problem) {
    if (!is_printable(problem.what())) {
      std::fprintf(stderr, "no message for a terminal: %s\n", problem.what());
      std::abort();
    }
  }
}

// What `print_log` prints goes nowhere meanwhile.
class quiet {
public:
  quiet()
    : stdout_(::dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    ::close(null);
  }
  quiet(const quiet&) = delete;
  ~quiet() {
    std::fflush(stdout);
    ::dup2(stdout_, STDOUT_FILENO);
    ::close(stdout_);
  }

private:
  int stdout_;
};

void go_on_with(const std::string& file) {
  journal one(file, true, "troupe each --resume");
  for (int i = 0; i < 3; ++i) {
    const auto key = content_key({"a", std::to_string(i)});
    one.earlier_time(key);
    if (const auto end = one.find_earlier(key))
      one.result_of(end->attempt);
  }
  one.kept_outputs();
  one.end(one.begin({"key", 1, 1, "input", "command"}), {});
  one.finish("all");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  static const auto file = directory() / "journal";
  remove_file(file);
  make_file(file, data, size);
  const quiet nothing_is_shown;
  attempt([] { print_log({.file = file}); });
  attempt([] { print_log({.file = file, .failed = true, .slowest = 3, .json = true}); });
  attempt([] { go_on_with(file); });
  attempt([] { print_log({.file = file}); });
  return 0;
}
