#include "caf/late_actor_system.hpp"

#include "caf/single_start.hpp"

#include <caf/action.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_from_state.hpp>
#include <caf/detail/actor_system_access.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/disposable.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::compat {

namespace {

// CAF's scheduler, whose threads are started when there is something for them.
class late_scheduler final : public caf::scheduler {
public:
  explicit late_scheduler(caf::actor_system& system)
    : threads_(caf::scheduler::make_work_sharing(system)) {}

  // The actor system is made. What it has scheduled for itself meanwhile waits for the threads.
  void open() { open_ = true; }

  void wake() {
    start_.run([this] {
      threads_->start();
      for (auto* job : early_)
        threads_->schedule(job);
    });
  }

  void schedule(caf::resumable* job) override {
    if (!open_) {
      early_.push_back(job);
      return;
    }
    wake();
    threads_->schedule(job);
  }
  void delay(caf::resumable* job) override { schedule(job); }
  void start() override {} // when the actor system is made
  void stop() override {
    if (start_.done())
      threads_->stop();
  }

private:
  const std::unique_ptr<caf::scheduler> threads_;
  std::vector<caf::resumable*> early_;
  bool open_ = false; // set before a second thread knows the system
  single_start start_;
};

// CAF's clock, whose thread is started when there is something for it.
class late_clock final : public caf::actor_clock {
public:
  explicit late_clock(caf::actor_system& system)
    : system_(system) {}

  caf::disposable schedule(time_point when, caf::action what) override {
    std::call_once(
      once_, [this] { clock_ = std::make_unique<caf::detail::thread_safe_actor_clock>(system_); });
    return clock_->schedule(when, std::move(what));
  }

private:
  caf::actor_system& system_;
  std::once_flag once_;
  std::unique_ptr<caf::actor_clock> clock_;
};

// In place of CAF's own, which has a thread: `caf::aout` writes to it.
struct printer_state {
  explicit printer_state(caf::event_based_actor* printer)
    : self(printer) {}

  caf::behavior make_behavior() {
    return {
      [this](caf::add_atom, caf::actor_id writer, const std::string& text) {
        auto& line = lines[writer];
        line += text;
        if (line.ends_with('\n'))
          print(writer);
      },
      [this](caf::flush_atom, caf::actor_id writer) { print(writer); },
      [this](caf::delete_atom, caf::actor_id writer) { print(writer); },
      [](const caf::message&) {}, // to write elsewhere: it does not, as CAF's does not
    };
  }

  void print(caf::actor_id writer) {
    auto line = lines.extract(writer);
    if (!line || line.mapped().empty())
      return;
    if (line.mapped().ends_with('\n')) // which `println` adds
      line.mapped().pop_back();
    self->println("{}", line.mapped());
  }

  static constexpr const char* name = "troupe.printer";
  caf::event_based_actor* self;
  std::map<caf::actor_id, std::string> lines;
};

// Of the four threads of an actor system one remains, which ends those of detached actors.
void make_late(caf::actor_system& system, caf::actor_system_config&, void*) {
  caf::detail::actor_system_access access(system);
  access.clock(std::make_unique<late_clock>(system));
  access.scheduler(std::make_unique<late_scheduler>(system));
  access.printer(caf::actor_cast<caf::strong_actor_ptr>(
    system.spawn<caf::hidden + caf::lazy_init>(caf::actor_from_state<printer_state>)));
}

struct late_config final : caf_config {
  late_config()
    : caf_config(1) {
    set("caf.logger.console.verbosity", "quiet"); // a CAF that logs would do it on a thread
    set("caf.logger.file.verbosity", "quiet");
  }
};

struct actor_system_and_config {
  late_config config;
  caf::actor_system system{config, &make_late, nullptr};
};

late_scheduler& scheduler_of(caf::actor_system& system) {
  return static_cast<late_scheduler&>(system.scheduler());
}

} // namespace

caf::actor_system& late_actor_system() {
  // Never destroyed: a child leaves without that.
  static auto* const instance = [] {
    auto* const made = new actor_system_and_config;
    scheduler_of(made->system).open();
    return made;
  }();
  return instance->system;
}

void wake_actor_system() {
  scheduler_of(late_actor_system()).wake();
}

bool actor_system_has_no_threads() noexcept {
  return false;
}

} // namespace troupe::compat
