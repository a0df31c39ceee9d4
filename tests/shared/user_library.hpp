#pragma once

#include <troupe/pool.hpp>
#include <troupe/proxy_exception.hpp>

#include <stdexcept>

// A library that uses troupe, as another one than the program that uses both.
namespace user {

class [[gnu::visibility("default")]] out_of_cheese : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};
TROUPE_EXCEPTION(out_of_cheese);

[[gnu::visibility("default")]] int twice(int x);
[[gnu::visibility("default")]] int sell_cheese();
/// Submits a task to a pool of the program, whose function is in the library and has no visible name.
[[gnu::visibility("default")]] int thrice_in_child(troupe::pool& pool, int x);

} // namespace user
