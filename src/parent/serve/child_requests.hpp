#pragma once

#include "base/limits.hpp"
#include "caf/caf_compat.hpp"
#include "link/request.hpp"
#include "parent/child/peer.hpp"
#include "parent/child/unread_answers.hpp"
#include "parent/serve/exports.hpp"
#include "policy/task_ledger.hpp"

#include <troupe/detail/task_state.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>

namespace troupe::parent {

/// What one peer, a child, has asked and not yet been told. Checks each request, carries it out, and
/// answers it exactly once; when the child is dead, what it waited for is withdrawn. On the loop's thread.
class child_requests final : public std::enable_shared_from_this<child_requests> {
public:
  /// The pool that has the child. Its own children submit to it at once, and without asking whether it is
  /// open: it decides itself.
  class owner {
  public:
    virtual bool is_own(const pool_control& pool) const = 0;
    virtual void submit_nested(detail::task_ptr task) = 0;
    virtual void cancel_nested(const detail::task_ptr& task, bool started_too) = 0;

  protected:
    ~owner() = default;
  };

  /// `max_unread_bytes`: of the answers that the child has not read when it is given a further one.
  child_requests(exports& known, owner& pool, peer& child,
    std::uint64_t max_unread_bytes = limits::max_child_unread_bytes);

  /// Throws `protocol_violation`.
  void take(const link::frame_header& header, std::span<const std::byte> payload);
  /// The child does not want that answer any more. `started_too`: a task is to stop also if it has been
  /// started. Throws `protocol_violation`.
  void withdraw(std::uint64_t id, bool started_too);
  /// The child's process has ended, though not all that it wrote has been read: it pops no more.
  void stop_popping();
  /// The child is gone.
  void drop();

private:
  class answering;

  struct request {
    detail::promise_ptr answer;
    detail::task_ptr task;    // the same, or null for an operation on a queue
    std::size_t bytes = 0;    // that count against the child's limit
    std::uint64_t target = 0; // the pool or queue
    bool pops = false;
  };

  void submit(std::uint64_t id, std::uint32_t cell, detail::bytes&& payload);
  void make_segment(std::uint64_t id, const detail::bytes& payload);
  void use_queue(std::uint64_t id, link::service what, detail::bytes&& payload);
  // Registers it, to be answered when it is resolved.
  void await(std::uint64_t id, request what);
  void cancel(const request& what, bool started_too);
  void answer(std::uint64_t id);
  void give_up(const char* problem) noexcept;

  exports& exports_;
  owner& owner_;
  peer* child_; // null: it is gone
  const std::uint64_t max_unread_bytes_;
  bool may_pop_ = true;
  std::unordered_map<std::uint64_t, request> pending_;
  std::uint64_t last_id_ = 0;
  std::uint64_t pending_bytes_ = 0;
  const std::shared_ptr<unread_answers> unread_ = std::make_shared<unread_answers>();
};

} // namespace troupe::parent
