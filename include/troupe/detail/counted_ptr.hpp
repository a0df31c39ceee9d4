#pragma once

#include <troupe/detail/compiler.hpp>

#include <cstddef>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// Owns an object together with others, as boost::intrusive_ptr does, which includes the large <functional>: the
/// object counts its owners itself, by `add_owner(T*)` and `drop_owner(T*)`, which argument-dependent lookup finds.
template <class T>
class counted_ptr {
public:
  counted_ptr() = default;
  counted_ptr(std::nullptr_t) {} // NOLINT(google-explicit-constructor): as all smart pointers
  explicit counted_ptr(T* object) noexcept
    : object_(object) {
    if (object_ != nullptr)
      add_owner(object_);
  }
  template <class Derived>
  requires requires(Derived* derived, T*& base) { base = derived; }
  counted_ptr(const counted_ptr<Derived>& other) noexcept // NOLINT(google-explicit-constructor)
    : counted_ptr(static_cast<T*>(other.get())) {}
  counted_ptr(const counted_ptr& other) noexcept
    : counted_ptr(other.object_) {}
  counted_ptr(counted_ptr&& other) noexcept
    : object_(std::exchange(other.object_, nullptr)) {}
  counted_ptr& operator=(counted_ptr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~counted_ptr() {
    if (object_ != nullptr)
      drop_owner(object_);
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  void reset() noexcept { *this = counted_ptr(); }
  /// Leaves it to the caller to own the object, who makes a pointer of it again with `adopt`.
  T* detach() noexcept { return std::exchange(object_, nullptr); }
  static counted_ptr adopt(T* detached) noexcept {
    counted_ptr owner;
    owner.object_ = detached;
    return owner;
  }

  friend bool operator==(const counted_ptr& a, const counted_ptr& b) noexcept {
    return a.object_ == b.object_;
  }
  friend bool operator==(const counted_ptr& a, std::nullptr_t) noexcept {
    return a.object_ == nullptr;
  }
  friend bool operator<(const counted_ptr& a, const counted_ptr& b) noexcept {
    return a.object_ < b.object_;
  }

private:
  T* object_ = nullptr;
};

} // namespace troupe::detail

#pragma GCC visibility pop
