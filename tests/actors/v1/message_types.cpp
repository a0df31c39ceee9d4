#include "actors/actors.hpp"

TROUPE_MESSAGE_TYPES(test_actors);
