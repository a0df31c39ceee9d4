#pragma once

#include "base/unique_fd.hpp"
#include "link/birth_record.hpp"
#include "link/child_settings.hpp"
#include "link/zygote_protocol.hpp"
#include "parent/launch/child_starter.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::parent {

/// The runtime's end of a zygote: a process with one thread that forks children for it. They are children
/// of this process, not of the zygote (`CLONE_PARENT`), so its end does not touch them, and everything
/// about them is as for spawned ones.
///
/// Nothing that the zygote says is trusted, and nothing waits for it for ever. For one thread at a time.
class zygote {
public:
  /// Makes the process, which takes over the other end of the socket that it is given.
  using maker = std::function<started_process(const base::unique_fd& socket)>;

  /// Makes a zygote that begins with running `preload`, for which it has `preload_timeout`. `bound_now`:
  /// `make` sets `link::bind_now_variable` for it. Throws what `make` throws, and `std::system_error`.
  zygote(const maker& make, const std::vector<link::wire_call>& preload,
    std::chrono::milliseconds preload_timeout, bool bound_now = false);
  zygote(const zygote&) = delete;
  zygote& operator=(const zygote&) = delete;
  /// Ends it.
  ~zygote();

  /// Forks this process, which must have no other thread, into a zygote. There, `serve` is called with its
  /// end of the socket, and must not return. Throws `std::system_error`.
  static std::unique_ptr<zygote> fork_this_process(void (*serve)(base::unique_fd));

  /// Whether there is reason to believe that it still serves.
  bool alive() const noexcept { return static_cast<bool>(process_); }

  /// Waits until it serves. Throws what the preload calls threw, or why it does not; then it is gone.
  void wait_ready(int stop);

  /// Forks a child that gets `control` as its link. Nothing: the zygote is gone, and there is no child.
  /// Throws `std::system_error` if the fork failed, or `stop` has become readable meanwhile.
  std::optional<started_process> fork_child(const base::unique_fd& control, int stop);

  /// After its end: whether it has exited, without a word.
  bool exited() const noexcept { return exited_; }
  /// After its end: "was killed by signal 9 (Killed)" or the like.
  const std::string& how_it_ended() const noexcept { return how_it_ended_; }

private:
  using clock = std::chrono::steady_clock;

  // The zygote's next message; nothing: it has ended, was silent for too long, or talks nonsense.
  std::optional<link::zygote_answer> receive(
    clock::time_point until, int stop, base::unique_fd* file = nullptr);
  void continue_if_stopped() noexcept;
  [[noreturn]] void fail_to_arrive() const;
  [[noreturn]] void refuse(link::zygote_answer answer, const base::unique_fd& report);
  void end(const std::string& why);
  // Nothing also if the zygote names a process that was there before: any child of this process might pass
  // for its own otherwise.
  std::optional<started_process> latest_child();

  const std::chrono::milliseconds preload_timeout_;
  link::birth_record births_;
  std::chrono::nanoseconds requested_at_{}; // of the latest child
  base::unique_fd socket_;
  os::child_descriptor process_;
  bool ready_ = false;
  bool exited_ = false;
  bool timed_out_ = false;
  std::string how_it_ended_;
};

} // namespace troupe::parent
