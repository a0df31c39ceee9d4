#include "parent/child/module_list.hpp"

#include "os/image.hpp"

#include <algorithm>

namespace troupe::parent {

module_list& module_list::of_process() {
  static auto* const instance = new module_list; // as long-lived as what it lists
  return *instance;
}

void module_list::load(const std::filesystem::path& path) {
  const auto module = os::load_module(std::filesystem::absolute(path));
  const std::lock_guard lock(mutex_);
  if (std::none_of(
        loaded_.begin(), loaded_.end(), [&](const auto& one) { return one.id == module.id; }))
    loaded_.push_back({module.id, module.path, true});
}

std::vector<link::module_notice> module_list::all() const {
  const std::lock_guard lock(mutex_);
  return loaded_;
}

link::module_notice module_list::notice_of(std::uint32_t id) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found =
      std::find_if(loaded_.begin(), loaded_.end(), [id](const auto& one) { return one.id == id; });
    if (found != loaded_.end())
      return *found;
  }
  return {id, os::module_path(id), false};
}

} // namespace troupe::parent
