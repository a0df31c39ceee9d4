#pragma once

namespace troupe::parent {

class child_process;

/// Is told of the life of a child. Called on the loop's thread; may not destroy the child, except in
/// `child_down`.
class life_listener {
public:
  /// Its launch has begun: it does not wait for others any more.
  virtual void child_launching(child_process&) {}
  /// Its pid is known. If it could not be launched, `child_down` comes instead.
  virtual void child_launched(child_process&) {}
  virtual void child_ready(child_process& child) = 0;
  /// It has more memory than it may, and is to be replaced.
  virtual void child_full(child_process&) {}
  /// Its process has ended. What it wrote before is reported after this, and then that it is down.
  virtual void child_exited(child_process&) {}
  /// Its exit status is known, and everything that it wrote has been reported.
  virtual void child_down(child_process& child) = 0;

protected:
  ~life_listener() = default;
};

} // namespace troupe::parent
