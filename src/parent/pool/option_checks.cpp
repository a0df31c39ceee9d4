#include "parent/pool/option_checks.hpp"

namespace troupe::parent {

void check_call(const char* name, const bound_call& call, const char* owner) {
  if (call && call.code().kind != detail::call_kind::plain)
    throw std::invalid_argument(std::string(owner) + " option " + name +
                                " must be a plain function: it is called before the child's event "
                                "loop serves coroutines");
}

} // namespace troupe::parent
