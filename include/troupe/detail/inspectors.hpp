#pragma once

#include <troupe/detail/caf_inspect.hpp>
#include <troupe/detail/compiler.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

// What a CAF `inspect(Inspector&, T&)` is called with by the codec. The inspectors have the interfaces of both
// CAF 0.17, a call with any number of fields and annotations, and CAF 1.x, whichever CAF is installed:
//
//     return f(x.name, x.age);
//     return f.object(x).fields(f.field("name", x.name), f.field("age", x.age));
//
// A field is encoded as its value would be alone; names are not encoded. What fails throws `encode_error` or
// `decode_error` at once.
namespace troupe {

class encoder;
class decoder;

namespace detail {

[[noreturn]] void throw_encode_error(const char* problem);
[[noreturn]] void throw_decode_error(const char* problem);

// A callback, a setter or an inspect function of CAF 1.x returns nothing, a bool that is false on error, or an
// error that is true.
template <class Fun, class... Args>
bool succeeds(Fun& fun, Args&&... args) {
  using result = std::invoke_result_t<Fun&, Args...>;
  if constexpr (std::is_void_v<result>)
    return fun(std::forward<Args>(args)...), true;
  else if constexpr (std::is_same_v<result, bool>)
    return fun(std::forward<Args>(args)...);
  else
    return !fun(std::forward<Args>(args)...);
}

struct no_callback {
  void operator()() const noexcept {}
};

struct any_content {
  template <class T>
  bool operator()(const T&) const noexcept {
    return true;
  }
};

/// What `f.object(x)` gives: `callback` is for that which `Inspector` does, after the fields.
template <class Inspector, class Callback = no_callback>
struct inspected_object {
  Inspector& f;
  Callback callback{};

  inspected_object&& pretty_name(std::string_view) && { return std::move(*this); }
  template <class F>
  auto on_save(F&& fun) && {
    if constexpr (Inspector::is_loading)
      return std::move(*this);
    else
      return inspected_object<Inspector, std::decay_t<F>>{f, std::forward<F>(fun)};
  }
  template <class F>
  auto on_load(F&& fun) && {
    if constexpr (Inspector::is_loading)
      return inspected_object<Inspector, std::decay_t<F>>{f, std::forward<F>(fun)};
    else
      return std::move(*this);
  }
  template <class... Fields>
  bool fields(Fields&&... all) {
    (all(f), ...);
    if (!succeeds(callback))
      Inspector::fail("a callback of an inspect function failed");
    return true;
  }
};

/// What `f.field(...)` gives: the code that does it. `Valid` is asked for values that arrive.
template <class Transfer, class Valid = any_content>
struct inspected_field {
  Transfer transfer;
  Valid valid{};

  template <class Inspector>
  void operator()(Inspector& f) {
    transfer(f, valid);
  }
  /// Every value is encoded, so nothing needs to be put in the place of one that is not.
  template <class U>
  inspected_field&& fallback(U&&) && {
    return std::move(*this);
  }
  template <class Predicate>
  auto invariant(Predicate&& predicate) && {
    return inspected_field<Transfer, std::decay_t<Predicate>>{
      std::move(transfer), std::forward<Predicate>(predicate)};
  }
};

/// What both inspectors have.
template <class Self>
struct inspector_base {
  using result_type = bool;

  static constexpr bool has_human_readable_format() noexcept { return false; }

  template <class T>
  auto object(T&) noexcept {
    return inspected_object<Self>{self()};
  }
  auto virtual_object(std::string_view) noexcept { return inspected_object<Self>{self()}; }

  /// The value behind `x`, which the object has.
  template <class T>
  static auto field(std::string_view, T& x) {
    return field_of([&x](auto& f, auto& valid) { f.transfer(x, valid); });
  }
  /// A value that the object gives and takes.
  template <class Get, class Set>
  static auto field(std::string_view, Get get, Set set) {
    return field_of([get = std::move(get), set = std::move(set)](
                      auto& f, auto& valid) mutable { f.transfer(get, set, valid); });
  }
  /// The same, of a value that the object may not have.
  template <class IsPresent, class Get, class Reset, class Set>
  static auto field(std::string_view, IsPresent is_present, Get get, Reset reset, Set set) {
    return field_of([is_present = std::move(is_present), get = std::move(get),
                      reset = std::move(reset), set = std::move(set)](auto& f,
                      auto& valid) mutable { f.transfer(is_present, get, reset, set, valid); });
  }

  template <class T>
  bool apply(T&& x) {
    any_content valid;
    return self().transfer(x, valid), true;
  }
  template <class Get, class Set>
  bool apply(Get&& get, Set&& set) {
    any_content valid;
    return self().transfer(get, set, valid), true;
  }

  /// For an error of CAF, by its text.
  template <class Error>
  void set_error(const Error& error) {
    Self::fail(to_string(error).c_str());
  }
  template <class Code, class... Ts>
  void emplace_error(Code code, const Ts&...) {
    Self::fail(to_string(code).c_str());
  }

private:
  template <class Transfer>
  static auto field_of(Transfer transfer) {
    return inspected_field<Transfer>{std::move(transfer)};
  }
  Self& self() noexcept { return static_cast<Self&>(*this); }
};

struct encode_inspector : inspector_base<encode_inspector> {
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;
  static constexpr bool is_loading = false;

  explicit encode_inspector(encoder& to) noexcept
    : out(to) {}

  [[noreturn]] static void fail(const char* problem) { throw_encode_error(problem); }

  template <class... Ts>
  bool operator()(Ts&&... fields) const;

  template <class T, class Valid>
  void transfer(const T& x, Valid&);
  template <class Get, class Set, class Valid>
  void transfer(Get& get, Set& set, Valid& valid);
  template <class IsPresent, class Get, class Reset, class Set, class Valid>
  void transfer(IsPresent& is_present, Get& get, Reset& reset, Set& set, Valid& valid);

  encoder& out;
};

struct decode_inspector : inspector_base<decode_inspector> {
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;
  static constexpr bool is_loading = true;

  explicit decode_inspector(decoder& from) noexcept
    : in(from) {}

  [[noreturn]] static void fail(const char* problem) { throw_decode_error(problem); }

  template <class... Ts>
  bool operator()(Ts&&... fields) const;

  template <class T, class Valid>
  void transfer(T& x, Valid& valid);
  template <class Get, class Set, class Valid>
  void transfer(Get& get, Set& set, Valid& valid);
  template <class IsPresent, class Get, class Reset, class Set, class Valid>
  void transfer(IsPresent& is_present, Get& get, Reset& reset, Set& set, Valid& valid);

  decoder& in;
};

template <class T>
concept inspectable = requires(encode_inspector& f, T& value) {
  inspect(f, value);
};

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
