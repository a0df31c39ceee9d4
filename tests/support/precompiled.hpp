// Precompiled for every test program.
#include "support/catch.hpp"

#include <boost/asio.hpp>

#include <troupe/troupe.hpp>
