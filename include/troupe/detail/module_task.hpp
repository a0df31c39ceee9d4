#pragma once

#include <troupe/call.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/json_inspect.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

// What a module shows of its tasks, and how one is called with JSON.
namespace troupe {

template <class F>
struct named_function; // module.hpp

namespace detail {

/// What a task is called with: a parsed value, or none if the input is text that the task takes as it is.
class json_input {
public:
  json_input(std::string_view text, bool as_text)
    : document_(as_text ? nullptr : new json_document(text, "the input")) {}

  json_value value() const noexcept { return document_ ? document_->root() : json_value(); }

private:
  std::unique_ptr<json_document> document_;
};

/// One call of a task.
struct json_call {
  /// The arguments: an array, or the only one. No value: it is `text`.
  json_value arguments{};
  std::string_view text{};
  /// The result, in JSON; as it is if it is text, and `gives_text` asks for that.
  std::string& result;
  bool gives_text = false;
};

/// The interface of modules: both sides of it are compiled apart, so what is in here is compared first (`TROUPE_MODULE_ABI`).
struct module_task {
  std::string name;
  call_kind kind = call_kind::plain;
  std::vector<std::string> parameters;
  std::string result;
  bool takes_text = false; ///< its only parameter is a string or a path
  void (*target)() = nullptr;
  void (*run)(json_call&, void (*target)()) = nullptr;
  void (*start)() = nullptr; ///< awaitable<void> (*)(json_call&, void (*target)()), of a coroutine
};

struct module_tasks {
  const char* problem = nullptr; ///< what is wrong with the list itself
  std::vector<module_task> all;
};

template <class... Storage>
inline constexpr bool is_one_text = false;
template <class Storage>
inline constexpr bool is_one_text<Storage> =
  std::same_as<Storage, std::string> || path_value<Storage>;

[[noreturn]] void refuse_argument_count(std::size_t takes, const json_value& given);

template <class Parameters>
struct json_arguments;

template <class... Storage>
struct json_arguments<std::tuple<Storage...>> {
  static std::tuple<Storage...> read(const json_call& call) {
    constexpr auto count = sizeof...(Storage);
    if constexpr (is_one_text<Storage...>)
      if (!call.arguments)
        return std::tuple<Storage...>(Storage(call.text)...);
    if constexpr (count == 1) {
      return std::tuple<Storage...>(
        from_json<Storage>(call.arguments, json_place{nullptr, "the argument"})...);
    } else {
      const bool is_array = call.arguments.what() == json_value::kind::array;
      if (!is_array || call.arguments.size() != count)
        refuse_argument_count(count, call.arguments);
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        // Braces evaluate from left to right.
        return std::tuple<Storage...>{one<Storage>(call.arguments, I)...};
      }
      (std::index_sequence_for<Storage...>{});
    }
  }

  static std::vector<std::string> types() { return {json_type<Storage>()...}; }

private:
  template <class T>
  static T one(const json_value& all, std::size_t i) {
    const auto name = "argument " + std::to_string(i + 1);
    return from_json<T>(all.at(i), json_place{nullptr, name});
  }
};

template <class T>
void write_result(json_call& call, const T& value) {
  if constexpr (std::same_as<T, std::string>)
    if (call.gives_text) {
      call.result += value;
      return;
    }
  json_writer out(call.result);
  to_json(out, value, json_place{nullptr, "the result"});
}

template <class Thunk>
struct json_thunks;

template <class GetFunction, class R, class... Ps>
struct json_thunks<thunks<GetFunction, R, Ps...>> {
  using arguments = json_arguments<std::tuple<storage_t<Ps>...>>;
  using value_type = typename result_traits<R>::type;

  static void run(json_call& call, void (*target)()) {
    auto values = arguments::read(call);
    bytes unused;
    invocation to{{}, target, unused};
    auto invoke = [&](auto&... each) -> R {
      return GetFunction::get(to)(parameter<Ps>::pass(each)...);
    };
    if constexpr (std::is_void_v<R>) {
      std::apply(invoke, values);
      if (!call.gives_text)
        call.result += "null";
    } else {
      write_result(call, static_cast<const std::remove_cvref_t<R>&>(std::apply(invoke, values)));
    }
  }

  // Only instantiated for coroutines, so Asio's type is complete by then.
  static typename result_traits<R>::template awaitable_of<void> start(
    json_call& call, void (*target)()) {
    auto values = arguments::read(call);
    bytes unused;
    invocation to{{}, target, unused};
    auto invoke = [&](auto&... each) -> R {
      return GetFunction::get(to)(parameter<Ps>::pass(each)...);
    };
    if constexpr (std::is_void_v<value_type>) {
      co_await std::apply(invoke, values);
      if (!call.gives_text)
        call.result += "null";
    } else {
      const value_type value = co_await std::apply(invoke, values);
      write_result(call, value);
    }
  }

  static void describe(module_task& task) {
    task.parameters = arguments::types();
    task.result = json_type<value_type>();
    task.takes_text = is_one_text<storage_t<Ps>...>;
    if constexpr (result_traits<R>::is_awaitable)
      task.start = reinterpret_cast<void (*)()>(&json_thunks::start);
    else
      task.run = &json_thunks::run;
  }
};

template <class F>
module_task module_task_of(std::string name, const F& f) {
  using callable = callable_for<F>;
  module_task task;
  task.name = std::move(name);
  task.kind = callable::kind;
  json_thunks<typename callable::thunk>::describe(task);
  if constexpr (std::is_pointer_v<std::decay_t<F>>)
    task.target = reinterpret_cast<void (*)()>(static_cast<std::decay_t<F>>(f));
  return task;
}

template <class F>
module_task module_task_of(std::string name, const blocking_function<F>& f) {
  auto task = module_task_of(std::move(name), f.function);
  task.kind = call_kind::blocking;
  return task;
}

template <class F>
module_task module_task_of(const std::string&, const named_function<F>& f) {
  return module_task_of(std::string(f.name), f.function);
}

/// The names of what a macro was given, as it is written: "add, books::list, troupe::blocking(resize)". A name is
/// empty where it cannot be known.
std::vector<std::string> names_of_functions(std::string_view written);
const char* problem_of(const std::vector<module_task>& tasks);

template <class... Fs>
module_tasks make_module(std::string_view written, const Fs&... functions) {
  module_tasks result;
  auto names = names_of_functions(written);
  names.resize(sizeof...(Fs));
  std::size_t i = 0;
  (result.all.push_back(module_task_of(std::move(names[i++]), functions)), ...);
  result.problem = problem_of(result.all);
  return result;
}

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
