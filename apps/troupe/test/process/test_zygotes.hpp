#pragma once

#include "command/start.hpp"
#include "test/attempt.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace troupe_cli::test {

/// Programs that were executed once by this process, and fork the processes of their tests (troupe/testing/fork_tests.hpp).
/// The new processes are children of this one, as those are that it executes. A program that does not do as it promised is
/// not asked again, and its tests are executed; so are those of programs beyond `most`. All end with this process.
///
/// For one thread: the one that starts commands.
class test_zygotes {
public:
  /// Programs at a time, each of which has memory of its own. None makes way for another: programs whose tests come in
  /// turns would be executed for each of them, and forked as well.
  static constexpr std::size_t most = 48;

  static test_zygotes& of_this_process();

  /// The process that the order asks for, with that mark (`running_commands::new_mark`) and these additions to its
  /// environment. Nothing if it is to be executed instead, for whatever reason, or if this was cancelled.
  boost::asio::awaitable<std::optional<started_command>> fork(
    const process_order& order, const std::string& mark, const std::string& addition);

  /// Ends them now.
  void end_all();

private:
  struct zygote {
    std::string stamp; ///< of the file when it was executed
    pid_t pid = 0;
    int socket = -1;
  };
  zygote* find(const std::string& path, const std::string& stamp);
  boost::asio::awaitable<zygote*> start(
    const process_order& order, const std::string& stamp, const std::string& addition);
  void end(const std::string& path);

  std::map<std::string, zygote> running_; ///< by the path of the program
  /// Paths of programs that are not asked, to their stamps.
  std::map<std::string, std::string> broken_;
};

} // namespace troupe_cli::test
