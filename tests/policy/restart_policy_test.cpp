#include "policy/restart_policy.hpp"
#include "support/catch.hpp"

using troupe::restart_policy;
using troupe::policy::needs_successor;

TEST_CASE("the restart policies are those of OTP") {
  CHECK(needs_successor(restart_policy::permanent, false));
  CHECK(needs_successor(restart_policy::permanent, true));
  CHECK_FALSE(needs_successor(restart_policy::transient, false));
  CHECK(needs_successor(restart_policy::transient, true));
  CHECK_FALSE(needs_successor(restart_policy::temporary, false));
  CHECK_FALSE(needs_successor(restart_policy::temporary, true));
}
