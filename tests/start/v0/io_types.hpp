#pragma once

/// CAF 0.17's network module brings its types of messages by itself.
inline void add_io_types() {}
