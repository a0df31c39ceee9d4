// Precompiled for every layer: what nearly all of it includes and takes long to read.
#include "caf/caf_compat.hpp"

#include <boost/asio.hpp>

#include <troupe/call.hpp>
#include <troupe/pool_options.hpp>
#include <troupe/proxy_exception.hpp>
