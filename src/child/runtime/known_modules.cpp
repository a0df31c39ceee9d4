#include "child/runtime/known_modules.hpp"

#include "os/image.hpp"

#include <exception>
#include <utility>

namespace troupe::child {

void known_modules::take(link::module_notice notice) {
  auto& known = modules_[notice.id];
  if (notice.load) {
    try {
      os::load_module(notice.path);
      known.problem.clear();
    } catch (const std::exception& e) {
      known.problem = e.what();
    }
  }
  known.path = std::move(notice.path);
}

std::string known_modules::why_missing(const code_location& code) const {
  const auto found = modules_.find(code.module);
  if (found != modules_.end() && !found->second.problem.empty())
    return "the function of the call is in a module that this child cannot load: " +
           found->second.problem;
  const auto name =
    found == modules_.end() ? std::string("a library") : "the library " + found->second.path + ",";
  return "the function of the call is in " + name +
         " that this child has not loaded, or that was replaced on disk since the program started: "
         "load it with runtime::load_module, link the program to it, or start the program again";
}

} // namespace troupe::child
