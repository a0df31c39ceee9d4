#pragma once

#include <troupe/detail/compiler.hpp>

#pragma GCC visibility push(default)

/// \file
/// `troupe test` runs each test in a process of its own. To execute a program takes longer than most tests do, so a
/// program that calls `fork_tests` is executed once, and forked for each test.
namespace troupe::testing {

namespace detail {

/// `troupe test` looks for this text in a program, and speaks the version of the protocol that it names.
inline constexpr const char* forks_tests_sign = "troupe::testing::fork_tests: protocol 1";
/// In the environment of a program that is to fork tests. Its standard input is the socket on which it is asked.
inline constexpr const char* forks_tests_variable = "TROUPE_FORK_TESTS";

/// The protocol, on a stream socket of this machine. The program writes `ready` when it can be asked. An order is an
/// `order_head`, with two descriptors attached: the file that the test writes to, and a socket of which it reads a byte
/// before it begins (it ends if there is none). The texts follow, each ended by a zero byte: the mark, which takes the
/// place of the value of TROUPE_COMMAND; the variables that are added to the environment, or replaced; the
/// arguments, with the program's name. The program answers with the id of the new process, or with minus the system's
/// error number, in 32 bits. When the socket is closed, the program ends.
inline constexpr char ready = 'r';
struct order_head {
  unsigned bytes = 0; ///< of the texts
  unsigned variables = 0;
  unsigned arguments = 0; ///< at least one
};
inline constexpr unsigned most_order_bytes = 8u * 1024 * 1024;

void fork_tests(int& argc, char**& argv, const char* sign);

} // namespace detail

/// Lets `troupe test` fork this program for each test. To be called first in `main`, while the process has one thread;
/// `run_catch2`, `run_doctest` and `run_gtest` do so. Returns at once if nobody has asked for that, so under any other
/// circumstances it costs nothing. Otherwise it returns in each forked process, whose arguments are those of its test, and
/// never in the process that was executed.
///
/// What is made before, by static objects and by a `main` that does more, is made once, and each test has its own copy.
/// It has been made with the environment of the first test: TROUPE_SLOT and TMPDIR are another test's there. What is
/// not in memory is shared: if an object removes a folder in its destructor, the first test that ends removes it, and
/// the position in an open file is one for all. Tests of such a program are executed with `--no-fork`, or with `fork =
/// false` in the file of settings. Handlers of `pthread_atfork` do not run. A program that has more threads than one here, or a profile of LLVM's, is executed
/// for each test as others are, and so are tests that have an environment or a working directory of their own, and
/// all with the option `--no-fork`.
inline void fork_tests(int& argc, char**& argv) {
  detail::fork_tests(argc, argv, detail::forks_tests_sign);
}

} // namespace troupe::testing

#pragma GCC visibility pop
