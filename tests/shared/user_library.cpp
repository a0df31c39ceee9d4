#include "user_library.hpp"

namespace user {

namespace {

int thrice(int x) {
  return 3 * x;
}

} // namespace

int twice(int x) {
  return 2 * x;
}

int sell_cheese() {
  throw out_of_cheese("no cheese");
}

int thrice_in_child(troupe::pool& pool, int x) {
  return pool.apply(thrice, x).get();
}

} // namespace user
