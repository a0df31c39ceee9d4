#pragma once

#include "verb.hpp"

namespace troupe_cli {

/// `troupe top`: what pools do while they run.
verb top_verb();

} // namespace troupe_cli
