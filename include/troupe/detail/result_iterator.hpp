#pragma once

#include <troupe/detail/compiler.hpp>

#include <cstddef>
#include <iterator>
#include <optional>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// An input iterator over what `Result::next_blocking` gives.
template <class Result, class Value>
class result_iterator {
public:
  using value_type = Value;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using reference = Value&;
  using pointer = Value*;

  explicit result_iterator(Result& result)
    : result_(&result) {
    ++*this;
  }
  Value& operator*() const { return *current_; }
  Value* operator->() const { return &*current_; }
  result_iterator& operator++() {
    current_ = result_->next_blocking();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const result_iterator& it, std::default_sentinel_t) {
    return !it.current_;
  }

private:
  Result* result_;
  mutable std::optional<Value> current_;
};

} // namespace troupe::detail

#pragma GCC visibility pop
