#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/from_json.hpp>
#include <troupe/detail/to_json.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// What a CAF `inspect(Inspector&, T&)` is called with for JSON. With the names that CAF 1.x asks for,
// `f.object(x).fields(f.field("name", x.name), ...)`, the value is an object; without, as in CAF 0.17's
// `f(x.name, x.age)`, it is an array.
namespace troupe::detail {

/// What `f.object(x)` gives.
template <class Inspector, class Callback = no_callback>
struct json_object {
  Inspector& f;
  Callback callback{};

  json_object&& pretty_name(std::string_view) && { return std::move(*this); }
  template <class F>
  auto on_save(F&& fun) && {
    return std::move(*this).template on<!Inspector::is_loading>(std::forward<F>(fun));
  }
  template <class F>
  auto on_load(F&& fun) && {
    return std::move(*this).template on<Inspector::is_loading>(std::forward<F>(fun));
  }
  template <class... Fields>
  bool fields(Fields&&... all) {
    f.begin_object();
    (all(f), ...);
    f.end_object();
    if (!succeeds(callback))
      refuse_json(f.at, "a callback of an inspect function failed");
    return true;
  }

private:
  template <bool chosen, class F>
  auto on(F&& fun) && {
    if constexpr (chosen)
      return json_object<Inspector, std::decay_t<F>>{f, std::forward<F>(fun)};
    else
      return std::move(*this);
  }
};

/// What both inspectors have.
template <class Self>
struct json_inspector_base {
  using result_type = bool;

  static constexpr bool has_human_readable_format() noexcept { return true; }

  template <class T>
  auto object(T&) noexcept {
    return json_object<Self>{self()};
  }
  auto virtual_object(std::string_view) noexcept { return json_object<Self>{self()}; }

  template <class T>
  static auto field(std::string_view name, T& x) {
    return field_of([name, &x](auto& f, auto& valid) { f.transfer(name, x, valid); });
  }
  template <class Get, class Set>
  static auto field(std::string_view name, Get get, Set set) {
    return field_of([name, get = std::move(get), set = std::move(set)](
                      auto& f, auto& valid) mutable { f.transfer(name, get, set, valid); });
  }
  template <class IsPresent, class Get, class Reset, class Set>
  static auto field(std::string_view name, IsPresent is_present, Get get, Reset reset, Set set) {
    return field_of(
      [name, is_present = std::move(is_present), get = std::move(get), reset = std::move(reset),
        set = std::move(set)](
        auto& f, auto& valid) mutable { f.transfer(name, is_present, get, reset, set, valid); });
  }

  template <class Error>
  void set_error(const Error& error) {
    refuse_json(self().at, to_string(error));
  }
  template <class Code, class... Ts>
  void emplace_error(Code code, const Ts&...) {
    refuse_json(self().at, to_string(code));
  }

private:
  template <class Transfer>
  static auto field_of(Transfer transfer) {
    return inspected_field<Transfer>{std::move(transfer)};
  }
  Self& self() noexcept { return static_cast<Self&>(*this); }
};

struct json_save_inspector : json_inspector_base<json_save_inspector> {
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;
  static constexpr bool is_loading = false;

  json_save_inspector(json_writer& to, const json_place& place) noexcept
    : out(to)
    , at(place) {}

  void begin_object() { out.raw('{'); }
  void end_object() { out.raw('}'); }
  void begin_field(std::string_view name) {
    if (count++ > 0)
      out.raw(',');
    out.text(name, at);
    out.raw(':');
  }

  template <class... Ts>
  bool operator()(Ts&&... fields) {
    const auto one = [this]<class T>(T& field) {
      using field_type = std::remove_cvref_t<T>;
      if constexpr (is_save_callback_v<field_type>) {
        if (callback_failed(field.fun))
          refuse_json(at, "a save callback failed");
      } else if constexpr (!is_annotation_v<field_type>) {
        if (count > 0)
          out.raw(',');
        to_json<field_type>(out, field, at.element(count++));
      }
    };
    out.raw('[');
    (one(fields), ...);
    out.raw(']');
    return true;
  }
  template <class T>
  bool apply(T&& x) {
    return to_json(out, x, at), true;
  }
  template <class Get, class Set>
  bool apply(Get&& get, Set&&) {
    return to_json(out, static_cast<const std::decay_t<std::invoke_result_t<Get&>>&>(get()), at),
           true;
  }

  template <class T, class Valid>
  void transfer(std::string_view name, const T& x, Valid&) {
    begin_field(name);
    to_json(out, x, at.field(name));
  }
  template <class Get, class Set, class Valid>
  void transfer(std::string_view name, Get& get, Set&, Valid&) {
    begin_field(name);
    to_json(
      out, static_cast<const std::decay_t<std::invoke_result_t<Get&>>&>(get()), at.field(name));
  }
  template <class IsPresent, class Get, class Reset, class Set, class Valid>
  void transfer(
    std::string_view name, IsPresent& is_present, Get& get, Reset&, Set& set, Valid& valid) {
    if (is_present())
      return transfer(name, get, set, valid);
    begin_field(name);
    out.raw("null");
  }

  json_writer& out;
  const json_place& at;
  std::size_t count = 0;
};

struct json_load_inspector : json_inspector_base<json_load_inspector> {
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;
  static constexpr bool is_loading = true;

  json_load_inspector(const json_value& from, const json_place& place) noexcept
    : value(from)
    , at(place) {}

  void begin_object() { expect_json(json_value::kind::object, "an object", value, at); }
  void end_object() {}

  template <class... Ts>
  bool operator()(Ts&&... fields) {
    constexpr auto expected =
      (std::size_t{0} + ... + (is_annotation_v<std::remove_cvref_t<Ts>> ? 0u : 1u));
    expect_json(json_value::kind::array, "an array", value, at);
    if (value.size() != expected)
      refuse_json(at, "an array of " + std::to_string(expected) + " is expected, this is one of " +
                        std::to_string(value.size()));
    const auto one = [this]<class T>(T& field) {
      using field_type = std::remove_cvref_t<T>;
      if constexpr (is_load_callback_v<field_type>) {
        if (callback_failed(field.fun))
          refuse_json(at, "a load callback failed");
      } else if constexpr (!is_annotation_v<field_type>) {
        const_cast<field_type&>(field) = from_json<field_type>(value.at(count), at.element(count));
        ++count;
      }
    };
    (one(fields), ...);
    return true;
  }
  template <class T>
  bool apply(T&& x) {
    x = from_json<std::remove_cvref_t<T>>(value, at);
    return true;
  }
  template <class Get, class Set>
  bool apply(Get&&, Set&& set) {
    return succeeds(set, from_json<std::decay_t<std::invoke_result_t<Get&>>>(value, at));
  }

  template <class T, class Valid>
  void transfer(std::string_view name, T& x, Valid& valid) {
    x = field_from_json<T>(value, name, at);
    check(name, valid, x);
  }
  template <class Get, class Set, class Valid>
  void transfer(std::string_view name, Get&, Set& set, Valid& valid) {
    auto x = field_from_json<std::decay_t<std::invoke_result_t<Get&>>>(value, name, at);
    check(name, valid, x);
    if (!succeeds(set, std::move(x)))
      refuse_json(at.field(name), "a setter of an inspect function refused this value");
  }
  template <class IsPresent, class Get, class Reset, class Set, class Valid>
  void transfer(std::string_view name, IsPresent&, Get& get, Reset& reset, Set& set, Valid& valid) {
    const auto found = value.find(name);
    if (found && found.what() != json_value::kind::null)
      transfer(name, get, set, valid);
    else
      reset();
  }

  const json_value& value;
  const json_place& at;
  std::size_t count = 0;

private:
  template <class Valid, class T>
  void check(std::string_view name, Valid& valid, const T& x) {
    if (!valid(x))
      refuse_json(at.field(name), "an invariant of an inspect function does not hold");
  }
};

// An inspect function of CAF 0.17 may return nothing.
template <class Inspector, class T>
void run_json_inspect(Inspector f, T& value) {
  if constexpr (std::is_same_v<decltype(inspect(f, value)), bool>) {
    if (!inspect(f, value))
      refuse_json(f.at, "an inspect function returned false");
  } else {
    inspect(f, value);
  }
}

template <class T>
void inspected_to_json(json_writer& out, const T& value, const json_place& at) {
  run_json_inspect(json_save_inspector(out, at), const_cast<T&>(value)); // which it only reads
}

template <class T>
T inspected_from_json(const json_value& value, const json_place& at) {
  T result{};
  run_json_inspect(json_load_inspector(value, at), result);
  return result;
}

} // namespace troupe::detail

#pragma GCC visibility pop
