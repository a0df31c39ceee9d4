#include "journal/database.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <sqlite3.h>

namespace troupe_cli {

namespace {
constexpr int patience_milliseconds = 10'000; // with a reader that holds up a checkpoint
}

database::database(std::string file, access wanted)
  : file_(std::move(file)) {
  const int flags =
    wanted == access::read ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  int code = ::sqlite3_open_v2(file_.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK && wanted == access::read) { // a file that may not be written to
    ::sqlite3_close(handle_);
    code = ::sqlite3_open_v2(file_.c_str(), &handle_, SQLITE_OPEN_READONLY, nullptr);
  }
  if (code != SQLITE_OK) {
    const std::string why = handle_ ? ::sqlite3_errmsg(handle_) : "no memory";
    ::sqlite3_close(handle_);
    throw broken_problem(
      "cannot open the journal \"" + text::printable(file_) + "\": " + text::printable(why));
  }
  ::sqlite3_busy_timeout(handle_, patience_milliseconds);
}

database::~database() {
  ::sqlite3_close(handle_);
}

void database::execute(const char* sql) {
  if (::sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail();
}

std::int64_t database::last_id() const {
  return ::sqlite3_last_insert_rowid(handle_);
}

void database::fail() const {
  const int code = ::sqlite3_errcode(handle_);
  std::string why = text::printable(::sqlite3_errmsg(handle_)); // it quotes what the file has
  if (code == SQLITE_FULL)
    why = "the disk is full: make room, and go on with --resume";
  if (code == SQLITE_NOTADB)
    why = "it is another kind of file";
  throw broken_problem("journal \"" + text::printable(file_) + "\": " + why);
}

statement::statement(const database& in, std::string_view sql)
  : in_(in) {
  check(::sqlite3_prepare_v3(in.get(), sql.data(), static_cast<int>(sql.size()),
    SQLITE_PREPARE_PERSISTENT, &handle_, nullptr));
}

statement::~statement() {
  ::sqlite3_finalize(handle_);
}

bool statement::next() {
  const int code = ::sqlite3_step(handle_);
  if (code == SQLITE_ROW)
    return true;
  if (code != SQLITE_DONE)
    in_.fail();
  return false;
}

void statement::run() {
  while (next()) {
  }
  reset();
}

std::int64_t statement::number(int column) const {
  return ::sqlite3_column_int64(handle_, column);
}

std::string statement::text(int column) const {
  const void* bytes = ::sqlite3_column_blob(handle_, column);
  const int size = ::sqlite3_column_bytes(handle_, column);
  return bytes ? std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))
               : std::string();
}

void statement::reset() {
  ::sqlite3_reset(handle_);
}

void statement::bind(int index, std::int64_t value) {
  check(::sqlite3_bind_int64(handle_, index, value));
}

void statement::bind(int index, std::string_view value) {
  check(::sqlite3_bind_text64(
    handle_, index, value.data() ? value.data() : "", value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void statement::check(int code) const {
  if (code != SQLITE_OK)
    in_.fail();
}

} // namespace troupe_cli
