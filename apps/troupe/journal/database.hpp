#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace troupe_cli {

/// A file of SQLite. Throws `broken_problem` with the name of the file whenever something fails.
class database {
public:
  enum class access { read, write };

  database(std::string file, access wanted);
  database(const database&) = delete;
  database& operator=(const database&) = delete;
  ~database();

  void execute(const char* sql);
  std::int64_t last_id() const;
  sqlite3* get() const { return handle_; }
  [[noreturn]] void fail() const;
  const std::string& file() const { return file_; }

private:
  std::string file_;
  sqlite3* handle_ = nullptr;
};

/// A statement that is prepared once and used often.
class statement {
public:
  statement(const database& in, std::string_view sql);
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement();

  /// Sets the parameters from the first on; for a statement that is to be run from its beginning.
  template <class... Values>
  statement& with(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }

  /// The next row; false if there is none.
  bool next();
  /// Runs it to its end.
  void run();

  std::int64_t number(int column) const;
  std::string text(int column) const;

private:
  void reset();
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value); // bytes, which must live until it has run
  void check(int code) const;

  const database& in_;
  sqlite3_stmt* handle_ = nullptr;
};

} // namespace troupe_cli
