#pragma once

#include <caf/io/middleman.hpp>

/// Makes the types of messages of CAF's network module known. Before there is an actor system.
inline void add_io_types() {
  caf::io::middleman::init_global_meta_objects();
}
