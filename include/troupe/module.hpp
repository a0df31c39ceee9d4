#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/module_task.hpp>
#include <troupe/version.hpp>

#include <type_traits>
#include <utility>

#include <boost/version.hpp>

#pragma GCC visibility push(default)

/// A module is a shared library whose functions are tasks with names: for the command `troupe`, for configuration
/// files, and for programs that load it (module_host.hpp). One line makes it one:
///
///     #include <troupe/module.hpp>
///
///     struct page { std::string title; std::optional<std::string> author; };
///     int add(int a, int b) { return a + b; }
///     page parse(std::string html);
///
///     TROUPE_TASKS(add, parse, troupe::blocking(resize), troupe::named("now", [] { return clock(); }))
///
/// A function has the name that it is written with, without its namespaces; `named` gives it another one. It is
/// whatever a task of a pool can be: a plain function, a captureless lambda, a coroutine (include coroutine.hpp),
/// or `troupe::blocking(f)`.
///
/// Arguments come from JSON and the result becomes JSON by their types: numbers, bool, strings and paths; containers
/// and tuples are arrays, and maps with `std::string` keys objects; aggregates are objects with the names of their
/// fields, with no code at all, and so are types with a CAF `inspect` that names its fields; what is empty in an
/// `optional` or a pointer is null, and may be left out of an object; of a `variant` the first alternative that takes
/// the value; durations are "250ms" or "30s", times of a calendar "2026-05-01T12:30:00Z", dates "2026-05-01". What does
/// not fit is a `json_error` that names the place: "argument 2, .pages[3].title: a string is expected, this is a
/// number". A field of an aggregate that is not optional must be there, and one that it has not is an error.
///
/// A task with one parameter takes a JSON value for it; one with several takes an array of as many. Where inputs are
/// lines of text, a task whose only parameter is a string takes the line as it is.
///
/// Compile it with `-fPIC -shared` and the include directories of troupe, or in CMake with
/// `target_link_libraries(my_tasks PRIVATE troupe::module)`. Do not link it with libtroupe: what it needs of that is
/// in the program that loads it. It must be compiled with the same version of troupe as that program, which is checked
/// when it is loaded.
namespace troupe {

/// A function and the name that it has as a task. Made by `named`.
template <class F>
struct named_function {
  const char* name;
  F function;
};

/// Gives a function of `TROUPE_TASKS` another name than its own: `troupe::named("resize", resize_image)`.
template <detail::one_function F = detail::several_functions>
constexpr named_function<std::decay_t<F>> named(const char* name, F&& f) {
  return {name, std::forward<F>(f)};
}

} // namespace troupe

#pragma GCC visibility pop

#define TROUPE_MODULE_TEXT_2(x) #x
#define TROUPE_MODULE_TEXT(x) TROUPE_MODULE_TEXT_2(x)
/// What must be the same in a module and in the program that loads it.
#define TROUPE_MODULE_ABI                                                                          \
  "troupe " TROUPE_VERSION_STRING ", modules 1, Boost " TROUPE_MODULE_TEXT(BOOST_VERSION)

/// At namespace scope, once in a module: the functions that are its tasks.
#define TROUPE_TASKS(...)                                                                          \
  extern "C" {                                                                                     \
  __attribute__((visibility("default"))) extern const char troupe_module_abi[];                    \
  const char troupe_module_abi[] = TROUPE_MODULE_ABI;                                              \
  __attribute__((visibility("default"), used)) const ::troupe::detail::module_tasks*               \
  troupe_module_tasks() {                                                                          \
    static const auto tasks = ::troupe::detail::make_module(#__VA_ARGS__, __VA_ARGS__);            \
    return &tasks;                                                                                 \
  }                                                                                                \
  }                                                                                                \
  static_assert(true)
