#pragma once

#include "link/module_notice.hpp"

#include <troupe/errors.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>

namespace troupe::child {

/// The modules beside the program itself from which the parent sends calls. On the loop's thread.
class known_modules {
public:
  /// Takes note of a module, and loads it if that is wanted. What the loader says against it is kept for the
  /// tasks that need it.
  void take(link::module_notice notice);

  /// Why a call whose code is not here cannot be run.
  std::string why_missing(const code_location& code) const;

private:
  struct module {
    std::string path;
    std::string problem; // of loading it
  };

  std::unordered_map<std::uint32_t, module> modules_;
};

} // namespace troupe::child
