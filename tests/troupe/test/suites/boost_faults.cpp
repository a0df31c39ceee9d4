#define BOOST_TEST_MODULE faults
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "faults.hpp"

#include <stdexcept>

namespace ut = boost::unit_test;

BOOST_AUTO_TEST_SUITE(outer, *ut::label("net"))
BOOST_AUTO_TEST_SUITE(inner)

BOOST_AUTO_TEST_CASE(passes) {
  BOOST_TEST(1 + 1 == 2);
}

BOOST_AUTO_TEST_CASE(fails) {
  BOOST_TEST(1 + 1 == 3);
}

BOOST_AUTO_TEST_CASE(throws) {
  throw std::runtime_error("thrown");
}

BOOST_AUTO_TEST_CASE(crashes) {
  faults::crash();
}

BOOST_AUTO_TEST_CASE(leaves_early) {
  faults::leave_early();
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(hangs) {
  faults::hang();
}

BOOST_AUTO_TEST_CASE(leaves_a_process) {
  faults::leave_process();
}

BOOST_AUTO_TEST_CASE(prints_a_race) {
  faults::print_race();
}

BOOST_AUTO_TEST_CASE(is_flaky) {
  BOOST_TEST(!faults::first_time());
}

BOOST_AUTO_TEST_CASE(is_to_fail, *ut::expected_failures(1)) {
  BOOST_TEST(false);
}

BOOST_AUTO_TEST_CASE(is_disabled, *ut::disabled()) {
  BOOST_TEST(false);
}
