#include "actors/actors.hpp"

using namespace troupe::test;

TROUPE_MESSAGE_TYPE(add);
TROUPE_MESSAGE_TYPE(get_count);
TROUPE_MESSAGE_TYPE(get_pid);
TROUPE_MESSAGE_TYPE(order);
TROUPE_MESSAGE_TYPE(die);
TROUPE_MESSAGE_TYPE(quit_with);
