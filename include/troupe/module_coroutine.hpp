#pragma once

#include <troupe/coroutine.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/module_task.hpp>
#include <troupe/module_host.hpp>

#include <string>
#include <utility>

#pragma GCC visibility push(default)

/// To call coroutines of modules: what `loaded_task::start` needs.
namespace troupe::detail {

template <class Result>
struct module_coroutines {
  static boost::asio::awaitable<Result> start(
    const module_task& task, std::string input, call_form form) {
    Result result;
    const json_input parsed(input, form != call_form::json && task.takes_text);
    json_call call{parsed.value(), input, result, form == call_form::text};
    using start_function = boost::asio::awaitable<void> (*)(json_call&, void (*)());
    co_await reinterpret_cast<start_function>(task.start)(call, task.target);
    co_return result;
  }
};

} // namespace troupe::detail

#pragma GCC visibility pop
