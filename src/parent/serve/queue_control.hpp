#pragma once

#include "caf/caf_compat.hpp"
#include "parent/pool/pool_control.hpp"
#include "parent/serve/exports.hpp"

#include <troupe/detail/queue_port.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace troupe::parent {

/// A queue's handle in the parent. When the last one is gone, the queue closes.
class queue_control final : public detail::queue_port {
public:
  /// Starts the queue's actor. Throws `std::invalid_argument` for a capacity out of range.
  static std::shared_ptr<queue_control> start(const services& with, std::size_t capacity);
  ~queue_control() override;

  std::uint64_t id() const noexcept override { return id_; }
  void push(const detail::promise_ptr& operation, detail::bytes&& item,
    std::chrono::nanoseconds patience) override;
  void pop(const detail::promise_ptr& operation, std::chrono::nanoseconds patience) override;
  void close() override;
  void withdraw(const detail::promise_ptr& operation) override;
  void check_may_wait(const char* what) const override;
  void wait(detail::promise& operation) override;

private:
  queue_control(const services& with, std::size_t capacity);

  // After the end of the runtime an operation is answered here: true if that was so.
  bool answer_if_ended(detail::promise& operation) const;

  const std::uint64_t id_;
  const std::shared_ptr<const std::atomic<bool>> ended_; // the runtime
  const caf::actor actor_;
};

} // namespace troupe::parent
