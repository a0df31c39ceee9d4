#include "read_trace.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace troupe::test {

temporary_file::temporary_file()
  : path_((std::filesystem::temp_directory_path() / "troupe-trace-XXXXXX").string()) {
  const int fd = ::mkstemp(path_.data());
  if (fd < 0)
    throw std::runtime_error("there is no temporary file");
  ::close(fd);
}

temporary_file::~temporary_file() {
  ::unlink(path_.c_str());
}

std::string temporary_file::content() const {
  std::ifstream in(path_, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<nlohmann::json> events_of(const std::string& trace) {
  const auto all = nlohmann::json::parse(trace, nullptr, false);
  REQUIRE(all.is_object());
  REQUIRE(all.at("traceEvents").is_array());
  return all.at("traceEvents").get<std::vector<nlohmann::json>>();
}

std::vector<nlohmann::json> events_of(const std::string& trace, const std::string& phase) {
  auto events = events_of(trace);
  std::erase_if(events, [&](const nlohmann::json& one) { return one.at("ph") != phase; });
  return events;
}

void check_nesting(const std::vector<nlohmann::json>& slices) {
  struct span {
    std::int64_t began;
    std::int64_t end;
  };
  std::map<std::pair<int, int>, std::vector<span>> lanes;
  for (const auto& one : slices) {
    const auto began = one.at("ts").get<std::int64_t>();
    lanes[{one.at("pid").get<int>(), one.at("tid").get<int>()}].push_back(
      {began, began + one.at("dur").get<std::int64_t>()});
  }
  for (auto& [lane, spans] : lanes) {
    CAPTURE(lane.first, lane.second);
    std::ranges::sort(spans, {}, &span::began);
    for (std::size_t i = 1; i < spans.size(); ++i)
      if (spans[i].began < spans[i - 1].end)
        CHECK(spans[i].end <= spans[i - 1].end);
  }
}

} // namespace troupe::test
