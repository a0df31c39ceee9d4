// troupe's own log.
#include "support/catch.hpp"
#include "support/process_info.hpp"

#include "base/unique_fd.hpp"
#include "parent/child/log.hpp"

#include <array>
#include <string>

#include <fcntl.h>
#include <unistd.h>

using namespace troupe::test;

namespace {

// Makes stderr a pipe that is full, and that nobody reads until `read`.
class full_stderr {
public:
  full_stderr()
    : before_(::dup(2)) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    read_end_.reset(ends[0]);
    while (::write(ends[1], "x", 1) == 1) {
    }
    ::fcntl(ends[1], F_SETFL, 0);
    ::dup2(ends[1], 2);
    ::close(ends[1]);
  }
  full_stderr(const full_stderr&) = delete;
  ~full_stderr() { ::dup2(before_.get(), 2); }

  /// What has been written by now.
  const std::string& read() {
    std::array<char, 4096> buffer;
    for (ssize_t count = 0; (count = ::read(read_end_.get(), buffer.data(), buffer.size())) > 0;)
      text_.append(buffer.data(), static_cast<std::size_t>(count));
    return text_;
  }

private:
  const troupe::base::unique_fd before_;
  troupe::base::unique_fd read_end_;
  std::string text_;
};

} // namespace

TEST_CASE("the log drops messages rather than wait for who reads stderr, and says how many") {
  full_stderr pipe;
  for (int i = 0; i < 10'000; ++i)
    troupe::parent::log()->warn("message {}", i);
  CHECK(eventually([&] {
    return pipe.read().find("messages of troupe were dropped") != std::string::npos &&
           pipe.read().find("message 9999\n") != std::string::npos;
  }));
  CHECK(pipe.read().find("message 5000\n") == std::string::npos);
}

TEST_CASE("the log writes at its end what it was given before, and nothing later") {
  full_stderr pipe;
  pipe.read(); // there is room
  troupe::parent::start_log();
  const auto kept = troupe::parent::log();
  for (int i = 0; i < 10; ++i)
    kept->warn("early {}", i);
  troupe::parent::stop_log();
  const auto text = pipe.read();
  CHECK(text.find("early 0\n") != std::string::npos);
  CHECK(text.find("early 9\n") != std::string::npos);
  kept->warn("too late");
  CHECK(pipe.read() == text);
}
