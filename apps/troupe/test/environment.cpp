#include "test/environment.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace troupe_cli::test {
namespace {

std::string value_of(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : value;
}

/// `options` of a sanitizer, with a default before them: what comes later counts.
std::string with_default(const char* name, const std::string& option) {
  const auto options = value_of(name);
  return std::string(name) + '=' + option + (options.empty() ? "" : ":" + options);
}

} // namespace

std::string profile_pattern(std::string value) {
  if (value.empty())
    return "default_%m_%p.profraw";
  if (value.find("%p") != std::string::npos)
    return value;
  const auto slash = value.rfind('/');
  const auto dot = value.rfind('.');
  const bool has_ending =
    dot != std::string::npos && (slash == std::string::npos || dot > slash + 1) && dot > 0;
  value.insert(has_ending ? dot : value.size(), ".%p");
  return value;
}

std::vector<std::string> environment_of(
  const program& which, const test_settings& settings, unsigned slot) {
  std::vector<std::string> out{"TROUPE_SLOT=" + std::to_string(slot),
    "LLVM_PROFILE_FILE=" + profile_pattern(value_of("LLVM_PROFILE_FILE"))};
  if (value_of("GMON_OUT_PREFIX").empty())
    out.emplace_back("GMON_OUT_PREFIX=gmon.out"); // to which the process's number is added
  if (which.sanitized)
    out.push_back(with_default("UBSAN_OPTIONS", "print_stacktrace=1"));
  out.insert(out.end(), settings.environment.begin(), settings.environment.end());
  return out;
}

std::vector<std::string> environment_without(const program& which, const test_settings& settings) {
  auto out = settings.environment_without;
  const auto prefixes = rules_of(which.framework).own_variables();
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable(*each);
    if (std::ranges::any_of(
          prefixes, [variable](std::string_view prefix) { return variable.starts_with(prefix); }))
      out.emplace_back(variable.substr(0, variable.find('=')));
  }
  return out;
}

} // namespace troupe_cli::test
