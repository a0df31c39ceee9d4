#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

/// What is known of an exception that left a task in a child.
struct exception_report {
  std::string type; ///< Demangled name of the thrown type.
  std::string what; ///< Its message.
  std::string
    known_type; ///< Mangled name of the nearest type that `register_exception` knows, or empty.
  std::string category;              ///< For system errors: name of the error category, else empty.
  std::int32_t code = 0;             ///< For system errors: the error value.
  std::vector<code_location> frames; ///< Where it was thrown, innermost first.
  std::shared_ptr<const exception_report> nested; ///< What it was thrown for, or null.

  pid_t pid = 0;
  std::size_t slot = 0;
  task_id task = 0;
  std::uint32_t attempt = 1;

  std::vector<std::byte> content; ///< What the codec of its known type has written, or empty.
};

/// Carried beside the original type by every exception that comes from a child: what is thrown in the
/// parent derives from both, so `catch (const std::out_of_range&)` and
/// `catch (const troupe::proxy_exception&)` both work. An exception of unknown type arrives as a
/// `remote_error`. It does not derive from `std::exception` itself, which would make the base ambiguous.
///
/// An exception that a task got from another one which it had submitted itself (pool_handle.hpp), and that
/// leaves it as well, still names the task that threw it first.
///
/// A cheap-to-copy value. Thread-safe.
class proxy_exception {
public:
  explicit proxy_exception(std::shared_ptr<const exception_report> report)
    : report_(std::move(report)) {}
  virtual ~proxy_exception();

  /// The demangled name of the type that was thrown, for example "std::out_of_range".
  const std::string& type() const noexcept { return report_->type; }
  /// The message.
  const char* what() const noexcept { return report_->what.c_str(); }
  /// The exception that this one was thrown for (`std::throw_with_nested`), if any. In the parent
  /// `std::rethrow_if_nested` works as well.
  std::optional<proxy_exception> nested() const;
  /// The stack of the throw site with function names and lines, one frame a line, innermost first.
  /// Symbols are resolved here, which takes milliseconds.
  std::string traceback() const;
  /// The stack of the throw site, unresolved.
  const std::vector<code_location>& frames() const noexcept { return report_->frames; }
  pid_t pid() const noexcept { return report_->pid; }
  std::size_t slot() const noexcept { return report_->slot; }
  task_id task() const noexcept { return report_->task; }
  /// 1 for the first try.
  std::uint32_t attempt() const noexcept { return report_->attempt; }
  /// All of it.
  const exception_report& report() const noexcept { return *report_; }

private:
  std::shared_ptr<const exception_report> report_;
};

namespace detail {

using report_ptr = std::shared_ptr<const exception_report>;

/// How to recognise an exception type in the child and to make it again in the parent.
struct exception_kind {
  const char* name; // mangled
  bool (*matches)(const std::exception& thrown);
  std::exception_ptr (*make)(const report_ptr& report);
  void (*encode)(const std::exception& thrown, bytes& out) = nullptr; // null: it has no codec
};

/// Later registrations are asked first.
void register_exception_kind(const exception_kind& kind);

/// The error code of a report of a system error.
std::error_code code_of(const exception_report& report);

template <class E>
E make_original(const exception_report& report) {
  if constexpr (has_codec<E>) {
    decoder in(report.content);
    auto original = in.make<E>();
    in.finish();
    return original;
  } else if constexpr (std::is_constructible_v<E, std::error_code, std::string>)
    return E(code_of(report), report.what);
  else if constexpr (std::is_constructible_v<E, std::string, std::error_code>)
    return E(report.what, code_of(report));
  else if constexpr (std::is_constructible_v<E, std::string>)
    return E(report.what);
  else if constexpr (std::is_constructible_v<E, const char*>)
    return E(report.what.c_str());
  else
    return E();
}

// The message is the report's, whatever E makes of its constructor's arguments.
template <class E>
class proxied : public E, public proxy_exception {
public:
  explicit proxied(const report_ptr& report)
    : E(make_original<E>(*report))
    , proxy_exception(report) {}
  const char* what() const noexcept override { return proxy_exception::what(); }
};

// Captures the exception that is current where it is made.
template <class E>
class proxied_nested final : public proxied<E>, public std::nested_exception {
public:
  using proxied<E>::proxied;
};

std::exception_ptr make_proxy(const report_ptr& report);

template <class E>
std::exception_ptr make_proxy_of(const report_ptr& report) {
  if (!report->nested)
    return std::make_exception_ptr(proxied<E>(report));
  try {
    std::rethrow_exception(make_proxy(report->nested));
  } catch (...) {
    return std::make_exception_ptr(proxied_nested<E>(report));
  }
}

template <class E>
void encode_thrown(const std::exception& thrown, bytes& out) {
  encoder{out}(dynamic_cast<const E&>(thrown));
}

template <class E>
constexpr auto encoder_of() -> decltype(exception_kind::encode) {
  if constexpr (has_codec<E>)
    return &encode_thrown<E>;
  else
    return nullptr;
}

} // namespace detail

/// Lets exceptions of type `E`, and of types derived from it, arrive in the parent as an `E`. `E` derives
/// from `std::exception` and is constructible from a `std::string`, from a `const char*`, or from
/// nothing: then it has its message, and nothing else that it had. With a `troupe::codec<E>` (custom_codec.hpp) it
/// arrives as what that sends, whatever it is made of, but for shared buffers. Call it in parent and children alike,
/// before `runtime` is constructed, or put
/// `TROUPE_EXCEPTION(my_error)` at namespace scope. Standard and Boost.System exceptions are known.
template <class E>
void register_exception() {
  static_assert(std::is_base_of_v<std::exception, E>, "E must derive from std::exception");
  static_assert(
    !std::is_final_v<E>, "what is thrown in the parent derives from E, so E must not be final");
  detail::register_exception_kind({typeid(E).name(),
    [](const std::exception& thrown) { return dynamic_cast<const E*>(&thrown) != nullptr; },
    &detail::make_proxy_of<E>, detail::encoder_of<E>()});
}

} // namespace troupe

#pragma GCC visibility pop

#define TROUPE_EXCEPTION_NAME_2(line) troupe_registered_exception_##line
#define TROUPE_EXCEPTION_NAME(line) TROUPE_EXCEPTION_NAME_2(line)
/// At namespace scope: `register_exception` for a type.
#define TROUPE_EXCEPTION(...)                                                                      \
  [[maybe_unused]] static const bool TROUPE_EXCEPTION_NAME(__LINE__) =                             \
    (::troupe::register_exception<__VA_ARGS__>(), true)
