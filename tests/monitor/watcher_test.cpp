// One watcher's lines and their answers, over a pair of sockets.
#include "monitor/watcher.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <sys/socket.h>

using namespace std::chrono_literals;
using namespace troupe;

TEST_CASE("a line whose answer is dropped is answered with that, and the next one is read") {
  boost::asio::io_context io;
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  const base::unique_fd other(ends[0]);
  const auto drop = [](const std::shared_ptr<monitor::watcher>& from, std::string_view line) {
    monitor::owed_answer owed(from);
    if (line == "given")
      owed.give("yes\n");
  };
  const auto one = monitor::watcher::start(io, base::unique_fd(ends[1]), drop, [] {});
  const std::string_view questions = "dropped\ngiven\ndropped\n";
  REQUIRE(::send(other.get(), questions.data(), questions.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(questions.size()));
  std::string got;
  while (std::ranges::count(got, '\n') < 3 && io.run_one_for(60s) > 0) {
    char buffer[1024];
    if (const auto count = ::recv(other.get(), buffer, sizeof buffer, 0); count > 0)
      got.append(buffer, static_cast<std::size_t>(count));
  }
  const std::string none =
    "{\"troupe\":1,\"error\":\"nobody has answered: it has ended meanwhile\"}\n";
  CHECK(got == none + "yes\n" + none);
  one->close();
}
