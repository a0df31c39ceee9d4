#include "child/runtime/settle_in.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace troupe::child {

namespace {

bool matches(std::string_view name, std::string_view pattern) {
  if (pattern.ends_with('*'))
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return name == pattern;
}

void keep_variables(const std::vector<std::string>& patterns) {
  std::vector<std::string> others;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view whole(*variable);
    const auto name = whole.substr(0, whole.find('='));
    if (std::ranges::none_of(patterns, [&](const auto& each) { return matches(name, each); }))
      others.emplace_back(name);
  }
  for (const auto& name : others)
    ::unsetenv(name.c_str());
}

} // namespace

void settle_in(const link::child_place& wanted) {
  if (wanted.environment)
    keep_variables(*wanted.environment);
  if (wanted.umask)
    ::umask(*wanted.umask);
  if (!wanted.directory.empty() && ::chdir(wanted.directory.c_str()) != 0)
    throw std::system_error(errno, std::generic_category(),
      "pool option working_directory: a child cannot work in " + wanted.directory);
}

} // namespace troupe::child
