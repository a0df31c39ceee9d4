#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>

#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

/// A function to be called later: any function, lambda or `std::function` that takes `Args`, or none. What it
/// returns is dropped. As a `std::function<void(Args...)>`, whose header would cost every file that includes troupe
/// a tenth of its compiler's memory; but copies share the function object, with its state.
///
/// Copies may be made and called on any thread, as far as the function itself allows.
template <class... Args>
class callback {
public:
  /// None.
  callback() = default;
  template <class F>
  requires requires(F& function, Args... args) { function(static_cast<Args>(args)...); }
  callback(F function) { // NOLINT(google-explicit-constructor): as std::function
    if constexpr (requires { function == nullptr; })
      if (function == nullptr)
        return;
    function_ = std::make_shared<F>(std::move(function));
    call_ = [](void* called, Args... args) {
      static_cast<void>((*static_cast<F*>(called))(static_cast<Args>(args)...));
    };
  }

  explicit operator bool() const noexcept { return call_ != nullptr; }
  /// Calls it; there is one. Throws what it throws.
  void operator()(Args... args) const { call_(function_.get(), static_cast<Args>(args)...); }

private:
  std::shared_ptr<void> function_;
  void (*call_)(void*, Args...) = nullptr;
};

} // namespace troupe

#pragma GCC visibility pop
