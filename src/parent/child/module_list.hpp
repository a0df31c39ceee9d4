#pragma once

#include "link/module_notice.hpp"

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <vector>

namespace troupe::parent {

/// The modules that `runtime::load_module` has loaded into this process, and that its children are to load.
/// Nobody brings these to the children that there are: whoever sends a call to one sees whether it knows the
/// module. Thread-safe.
class module_list {
public:
  /// That of this process, in which a module stays loaded also when another runtime comes.
  static module_list& of_process();

  /// Loads a module here, and remembers it. Throws `std::runtime_error` with what the loader says.
  void load(const std::filesystem::path& path);

  /// All that were loaded, in their order.
  std::vector<link::module_notice> all() const;
  /// What a child must know of a module.
  link::module_notice notice_of(std::uint32_t id) const;

private:
  mutable std::mutex mutex_;
  std::vector<link::module_notice> loaded_; // guarded by mutex_
};

} // namespace troupe::parent
