#pragma once

#include "support/catch.hpp"
#include "support/piped_program.hpp"

#include <cstdlib>
#include <regex>
#include <string>

namespace troupe::test {

/// `troupe top WHICH --dashboard`.
class dashboard_program {
public:
  explicit dashboard_program(const std::string& which)
    : program_(TROUPE_COMMAND, {"troupe", "top", which, "--dashboard"}) {
    const auto line = program_.read_until("\n");
    std::smatch parts;
    REQUIRE(std::regex_match(
      line, parts, std::regex(R"((http://127\.0\.0\.1:(\d+)(/\?token=([0-9a-f]{32})))\n)")));
    address_ = parts[1];
    port_ = std::stoi(parts[2]);
    page_ = parts[3];
    events_ = "/events?token=" + parts[4].str();
  }

  const std::string& address() const { return address_; }
  int port() const { return port_; }
  /// The targets of requests.
  const std::string& page() const { return page_; }
  const std::string& events() const { return events_; }
  piped_program& program() { return program_; }

private:
  piped_program program_;
  std::string address_;
  int port_ = 0;
  std::string page_;
  std::string events_;
};

} // namespace troupe::test
