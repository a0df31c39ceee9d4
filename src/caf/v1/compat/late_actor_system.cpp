#include "caf/late_actor_system.hpp"

#include "caf/single_start.hpp"
#include "caf/staged_call.hpp"

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
#include <thread>
#include <utility>
#include <vector>

namespace troupe::compat {

namespace {

// CAF's scheduler, whose threads are started when there is something for them. It is the first thing that the
// constructor of an actor system starts; a little later that starts a thread itself, which ends those of detached
// actors. So there the constructor pauses: the actor system can be used, and is completed with the scheduler's threads.
class late_scheduler final : public caf::scheduler {
public:
  late_scheduler(caf::actor_system& system, staged_call& construction)
    : threads_(caf::scheduler::make_work_sharing(system))
    , construction_(construction) {}

  void wake() {
    start_.run([this] {
      // That no thread can be made is to be known before the constructor fails of it.
      std::thread([] {}).join();
      complete();
      threads_->start();
      for (auto* job : early_)
        threads_->schedule(job);
    });
  }

  void schedule(caf::resumable* job) override {
    if (construction_.runs_here()) { // which waits for the threads
      early_.push_back(job);
      return;
    }
    wake();
    threads_->schedule(job);
  }
  void delay(caf::resumable* job) override { schedule(job); }
  void start() override { construction_.pause(); }
  void stop() override {
    if (start_.done())
      threads_->stop();
  }

private:
  // If the thread that there was a moment ago is not there any more, the constructor takes the actor system away, and
  // with it the worker actor: nothing can go on.
  void complete() noexcept { construction_.go_on(); }

  const std::unique_ptr<caf::scheduler> threads_;
  staged_call& construction_;
  std::vector<caf::resumable*> early_; // what the constructor has scheduled
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

struct late_config final : caf_config {
  late_config()
    : caf_config(1) {
    set("caf.logger.console.verbosity", "quiet"); // a CAF that logs would do it on a thread
    set("caf.logger.file.verbosity", "quiet");
  }
};

class late_system {
public:
  late_system() { construction_.go_on(); }

  caf::actor_system& get() noexcept { return *system_; }
  void wake() { scheduler_->wake(); }

private:
  // CAF calls it in the constructor, before it makes these itself.
  static void set_up(caf::actor_system& system, caf::actor_system_config&, void* late) {
    auto& self = *static_cast<late_system*>(late);
    self.system_ = &system;
    caf::detail::actor_system_access access(system);
    access.clock(std::make_unique<late_clock>(system));
    auto scheduler = std::make_unique<late_scheduler>(system, self.construction_);
    self.scheduler_ = scheduler.get();
    access.scheduler(std::move(scheduler));
    access.printer(caf::actor_cast<caf::strong_actor_ptr>(
      system.spawn<caf::hidden + caf::lazy_init>(caf::actor_from_state<printer_state>)));
  }

  late_config config_;
  caf::actor_system* system_ = nullptr; // owned by nobody
  late_scheduler* scheduler_ = nullptr; // owned by the system
  staged_call construction_{[this] { new caf::actor_system(config_, &set_up, this); }};
};

late_system& instance() {
  // Never destroyed: a child leaves without that, and a zygote must not get the threads that end an actor system.
  static auto* const made = new late_system;
  return *made;
}

} // namespace

caf::actor_system& late_actor_system() {
  return instance().get();
}

void wake_actor_system() {
  instance().wake();
}

} // namespace troupe::compat
