#include "journal/log.hpp"

#include "journal/database.hpp"
#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

std::string query(const log_options& options, const char* columns) {
  std::string sql = std::string("SELECT ") + columns + " FROM attempt";
  if (options.failed)
    sql += " WHERE final AND outcome <> 'ok'";
  if (options.slowest == 0)
    return sql + " ORDER BY id";
  return sql + (options.failed ? " AND" : " WHERE") +
         " wall IS NOT NULL ORDER BY wall DESC LIMIT " + std::to_string(options.slowest);
}

// SQLite makes the objects: inputs and problems were made valid text when they were noted.
constexpr const char* json_columns = R"(json_object(
  'run', run, 'number', number, 'attempt', attempt, 'input', input, 'command', command,
  'began', began / 1e6, 'outcome', outcome, 'final', json(iif(final, 'true', 'false')),
  'exit_code', iif(exit_code < 0, NULL, exit_code), 'signal', iif(signal = 0, NULL, signal),
  'seconds', wall / 1e6, 'user_seconds', user / 1e6, 'system_seconds', system / 1e6,
  'peak_bytes', peak * 1024, 'problem', nullif(problem, ''),
  'left_behind', nullif(left_behind, ''), 'stdout', nullif(out, ''), 'stderr', nullif(err, '')))";

constexpr const char* text_columns = R"(
  strftime('%Y-%m-%d %H:%M:%S', began / 1000000, 'unixepoch', 'localtime'), number, attempt,
  CASE outcome WHEN 'exit' THEN 'exit ' || exit_code WHEN 'signal' THEN 'signal ' || signal
    ELSE outcome END,
  iif(wall IS NULL, '', printf('%.3f s', wall / 1e6)),
  iif(peak IS NULL, '', printf('%d MiB', (peak + 1023) / 1024)),
  input || iif(ifnull(problem, '') = '' OR outcome IN ('exit', 'signal'), '', ': ' || problem)
    || iif(ifnull(left_behind, '') = '', '', '; ' || left_behind))";

void print(const std::string& line) {
  if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size())
    throw broken_problem(std::string("cannot write to stdout: ") + std::strerror(errno));
}

std::string row_of(const statement& row) {
  char text[256];
  std::snprintf(text, sizeof text, "%-19s %7lld %3lld  %-11s %11s %9s  ", row.text(0).c_str(),
    static_cast<long long>(row.number(1)), static_cast<long long>(row.number(2)),
    row.text(3).c_str(), row.text(4).c_str(), row.text(5).c_str());
  return text + text::printable(row.text(6)) + '\n';
}

void check_is_journal(const database& file) {
  statement version(file, "PRAGMA user_version");
  version.next();
  statement table(file, "SELECT count(*) FROM sqlite_schema WHERE name = 'attempt'");
  table.next();
  if (version.number(0) != 1 || table.number(0) == 0)
    throw broken_problem("\"" + text::printable(file.file()) +
                         "\" is no journal that this version of troupe can read");
}

} // namespace

std::size_t print_log(const log_options& options) {
  const database file(options.file, database::access::read);
  check_is_journal(file);
  statement rows(file, query(options, options.json ? json_columns : text_columns));
  std::size_t count = 0;
  for (; rows.next(); ++count) {
    if (count == 0 && !options.json)
      print("began                number try  outcome            time    memory  input\n");
    print(options.json ? rows.text(0) + '\n' : row_of(rows));
  }
  if (std::fflush(stdout) != 0)
    throw broken_problem(std::string("cannot write to stdout: ") + std::strerror(errno));
  return count;
}

} // namespace troupe_cli
