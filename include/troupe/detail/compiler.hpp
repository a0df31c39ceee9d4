#pragma once

// What troupe needs of the compiler. Each public header includes this one, so it is said once, before anything
// else can fail: after `#error` compilers go on, and stop only at a file that is not there.
#if __cplusplus < 202002L
#error "troupe needs C++20: compile with -std=c++20 (CMake: target_compile_features, cxx_std_20)"
#include "stopped by the error above"
#elif !defined(__cpp_rtti)
#error "troupe needs RTTI, by which exceptions find their types again: compile without -fno-rtti"
#include "stopped by the error above"
#endif
