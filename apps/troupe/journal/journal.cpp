#include "journal/journal.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <boost/uuid/detail/sha1.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

constexpr std::int64_t checkpoint_interval_microseconds = 1'000'000;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
    std::chrono::system_clock::now().time_since_epoch())
    .count();
}

constexpr const char* tables = R"(
CREATE TABLE IF NOT EXISTS run(
  id INTEGER PRIMARY KEY,
  began INTEGER NOT NULL,     -- microseconds since the epoch
  ended INTEGER,
  how TEXT,                   -- all, halted, drained, ended; null while it runs, or where it died
  command_line TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS attempt(
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run,
  key BLOB NOT NULL,
  number INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  input TEXT NOT NULL,
  command TEXT NOT NULL,
  began INTEGER NOT NULL,     -- microseconds since the epoch
  outcome TEXT NOT NULL,      -- started, interrupted, or how it ended
  final INTEGER NOT NULL,     -- the input has ended by it
  matched INTEGER NOT NULL,   -- the last run that found it
  exit_code INTEGER, signal INTEGER,
  wall INTEGER, user INTEGER, system INTEGER, -- microseconds
  peak INTEGER,               -- KiB
  problem TEXT, left_behind TEXT, out TEXT, err TEXT);
CREATE INDEX IF NOT EXISTS attempt_key ON attempt(key) WHERE final;
CREATE TABLE IF NOT EXISTS kept_output(
  attempt INTEGER PRIMARY KEY,
  input TEXT, out BLOB, err BLOB, out_file TEXT, err_file TEXT);
CREATE TABLE IF NOT EXISTS result(
  attempt INTEGER PRIMARY KEY,
  value BLOB NOT NULL,
  shown INTEGER NOT NULL);    -- it was written to where it cannot be taken back from
PRAGMA user_version = 1;
)";

} // namespace

std::string content_key(const std::vector<std::string>& parts) {
  boost::uuids::detail::sha1 hash;
  for (const auto& part : parts) {
    const auto size = static_cast<std::uint64_t>(part.size());
    hash.process_bytes(&size, sizeof size);
    hash.process_bytes(part.data(), part.size());
  }
  boost::uuids::detail::sha1::digest_type digest{};
  hash.get_digest(digest);
  return {reinterpret_cast<const char*>(digest), sizeof digest};
}

struct journal::statements {
  explicit statements(const database& in)
    : find(in, "SELECT id, outcome = 'ok' FROM attempt WHERE key = ? AND final AND matched < ? "
               "ORDER BY 2 DESC LIMIT 1")
    , match(in, "UPDATE attempt SET matched = ? WHERE id = ?")
    , time(in, "SELECT max(wall) FROM attempt WHERE key = ? AND final "
               "HAVING max(wall) IS NOT NULL")
    , begin(in, "INSERT INTO attempt(run, key, number, attempt, input, command, began, outcome, "
                "final, matched) VALUES(?, ?, ?, ?, ?, ?, ?, 'started', 0, ?)")
    , end(in, "UPDATE attempt SET outcome = ?, final = ?, exit_code = ?, signal = ?, wall = ?, "
              "user = ?, system = ?, peak = ?, problem = ?, left_behind = ?, out = ?, err = ? "
              "WHERE id = ?")
    , supersede(in, "UPDATE attempt SET final = 0 WHERE id = ?")
    , keep(in, "INSERT OR REPLACE INTO kept_output VALUES(?, ?, ?, ?, ?, ?)")
    , drop(in, "DELETE FROM kept_output WHERE attempt = ?")
    , kept(in, "SELECT * FROM kept_output ORDER BY attempt")
    , keep_result(in, "INSERT OR REPLACE INTO result VALUES(?, ?, 0)")
    , result(in, "SELECT value, shown FROM result WHERE attempt = ?")
    , show(in, "UPDATE result SET shown = 1 WHERE attempt = ?") {}

  statement find, match, time, begin, end, supersede, keep, drop, kept, keep_result, result, show;
};

journal::journal(const std::string& file, bool resume, const std::string& command_line) {
  std::error_code ignored;
  if (!resume && std::filesystem::exists(file, ignored) &&
      std::filesystem::file_size(file, ignored) > 0)
    throw usage_problem("--journal: \"" + text::printable(file) +
                        "\" is there already: go on with it by --resume, or name another file");
  lock(file);
  try {
    database_.emplace(file, database::access::write);
    make_tables();
    prepared_ = std::make_unique<statements>(*database_);
    open_transaction();
    database_->execute("UPDATE attempt SET outcome = 'interrupted' WHERE outcome = 'started'");
    statement(*database_, "INSERT INTO run(began, command_line) VALUES(?, ?)")
      .with(now(), std::string_view(command_line))
      .run();
    run_ = database_->last_id();
    commit();
  } catch (...) {
    prepared_.reset();
    database_.reset();
    ::close(lock_);
    throw;
  }
}

journal::~journal() {
  prepared_.reset();
  database_.reset();
  ::close(lock_); // not before: this gives up SQLite's locks as well
}

void journal::lock(const std::string& file) {
  const auto begin = "cannot open the journal \"" + text::printable(file) + "\": ";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0)
    throw broken_problem(begin + std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const int problem = errno;
    ::close(lock_);
    throw broken_problem(
      begin + (problem == EWOULDBLOCK ? "another troupe writes to it" : std::strerror(problem)));
  }
}

void journal::make_tables() {
  database_->execute("PRAGMA journal_mode = WAL");
  database_->execute("PRAGMA synchronous = NORMAL");
  statement version(*database_, "PRAGMA user_version");
  version.next();
  const auto found = version.number(0);
  if (found > 1)
    throw broken_problem("journal \"" + text::printable(database_->file()) +
                         "\": a later version of troupe has written it");
  statement others(*database_, "SELECT count(*) FROM sqlite_schema");
  others.next();
  if (found == 0 && others.number(0) != 0)
    throw broken_problem(
      "journal \"" + text::printable(database_->file()) + "\": it is a database of something else");
  version.with();
  others.with();
  database_->execute(tables);
}

void journal::open_transaction() {
  if (!in_transaction_)
    database_->execute("BEGIN");
  in_transaction_ = true;
}

std::optional<earlier_end> journal::find_earlier(const std::string& key) {
  open_transaction();
  auto& found = prepared_->find.with(std::string_view(key), run_);
  if (!found.next())
    return std::nullopt;
  const earlier_end end{found.number(0), found.number(1) != 0};
  found.with();
  prepared_->match.with(run_, end.attempt).run();
  return end;
}

std::optional<std::int64_t> journal::earlier_time(const std::string& key) {
  auto& found = prepared_->time.with(std::string_view(key));
  std::optional<std::int64_t> time;
  if (found.next())
    time = found.number(0);
  found.with();
  return time;
}

std::int64_t journal::begin(const attempt_begin& what) {
  open_transaction();
  prepared_->begin
    .with(run_, std::string_view(what.key), static_cast<std::int64_t>(what.number),
      static_cast<std::int64_t>(what.attempt), std::string_view(what.input),
      std::string_view(what.command), now(), run_)
    .run();
  return database_->last_id();
}

void journal::end(std::int64_t attempt, const attempt_end& how) {
  open_transaction();
  prepared_->end
    .with(std::string_view(how.outcome), std::int64_t{how.final}, std::int64_t{how.exit_code},
      std::int64_t{how.signal}, how.wall_microseconds, how.user_microseconds,
      how.system_microseconds, how.peak_kilobytes, std::string_view(how.problem),
      std::string_view(how.left), std::string_view(how.out), std::string_view(how.err), attempt)
    .run();
}

void journal::supersede(std::int64_t attempt) {
  open_transaction();
  prepared_->supersede.with(attempt).run();
}

void journal::keep_output(const kept_output& output) {
  open_transaction();
  prepared_->keep
    .with(output.attempt, std::string_view(output.input), std::string_view(output.out),
      std::string_view(output.err), std::string_view(output.out_file),
      std::string_view(output.err_file))
    .run();
}

void journal::drop_output(std::int64_t attempt) {
  open_transaction();
  prepared_->drop.with(attempt).run();
}

std::vector<kept_output> journal::kept_outputs() {
  std::vector<kept_output> all;
  auto& rows = prepared_->kept.with();
  while (rows.next())
    all.push_back(
      {rows.number(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5)});
  rows.with();
  return all;
}

void journal::keep_result(std::int64_t attempt, const std::string& value) {
  open_transaction();
  prepared_->keep_result.with(attempt, std::string_view(value)).run();
}

std::optional<kept_result> journal::result_of(std::int64_t attempt) {
  auto& found = prepared_->result.with(attempt);
  std::optional<kept_result> result;
  if (found.next())
    result = kept_result{found.text(0), found.number(1) != 0};
  found.with();
  return result;
}

void journal::note_shown(std::int64_t attempt) {
  open_transaction();
  prepared_->show.with(attempt).run();
}

void journal::commit() {
  if (!in_transaction_)
    return;
  database_->execute("COMMIT");
  in_transaction_ = false;
  // What has been written survives this process; a checkpoint makes it survive the machine as well.
  if (const auto time = now(); time >= next_checkpoint_) {
    database_->execute("PRAGMA wal_checkpoint(PASSIVE)");
    next_checkpoint_ = now() + checkpoint_interval_microseconds;
  }
}

void journal::finish(const std::string& how) {
  open_transaction();
  statement(*database_, "UPDATE run SET ended = ?, how = ? WHERE id = ?")
    .with(now(), std::string_view(how), run_)
    .run();
  next_checkpoint_ = 0;
  commit();
}

} // namespace troupe_cli
