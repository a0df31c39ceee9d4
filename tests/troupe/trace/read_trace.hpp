#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace troupe::test {

/// A file of the tests that is gone with this object.
class temporary_file {
public:
  temporary_file();
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file();
  const std::string& path() const { return path_; }
  std::string content() const;

private:
  std::string path_;
};

/// The events of a trace; fails if it is not a whole JSON text.
std::vector<nlohmann::json> events_of(const std::string& trace);
/// Those of one phase.
std::vector<nlohmann::json> events_of(const std::string& trace, const std::string& phase);
/// Fails if slices of one lane overlap without one being inside the other.
void check_nesting(const std::vector<nlohmann::json>& slices);

} // namespace troupe::test
