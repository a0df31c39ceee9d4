#include "test/test_pool.hpp"

#include "test/paragraphs.hpp"
#include "test/process/run_test.hpp"
#include "test/terminal_keys.hpp"
#include "text/terminal_text.hpp"

#include <troupe/coroutine.hpp>
#include <troupe/pool.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <list>
#include <memory>
#include <optional>
#include <ostream>

namespace troupe_cli::test {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

constexpr auto quiet_wait = asio::as_tuple(asio::use_awaitable);

attempt lost(const std::exception& why) {
  attempt out;
  out.end.cause = end_cause::not_started;
  out.end.problem = std::string("the process that watched it was lost: ") + why.what();
  return out;
}

attempt interrupted() {
  attempt out;
  out.end.cause = end_cause::cancelled;
  return out;
}

/// A process that runs, as far as people want to know of it.
struct running_process {
  std::string title;
  clock::time_point began;
  troupe::task_future<attempt>* result;
};

/// Says again and again that a process takes its time.
struct slow_warning {
  asio::steady_timer timer;
  std::chrono::milliseconds time;
  const running_process& process;
};

/// One run, on the event loop.
class run_on_loop {
public:
  run_on_loop(troupe::pool& pool, asio::io_context& loop, run_state& state, std::ostream& notices)
    : pool_(pool)
    , state_(state)
    , notices_(notices)
    , loop_(loop)
    , signals_(loop, SIGINT, SIGTERM, SIGHUP)
    , changed_(loop, clock::time_point::max()) {
    signals_.add(SIGUSR1);
  }

  asio::awaitable<int> run() {
    const auto executor = co_await asio::this_coro::executor;
    listen();
    keys_.emplace(loop_, [this](char key) { on_key(key); });
    lanes_ = state_.options().width;
    for (unsigned slot = 0; slot < state_.options().width; ++slot)
      asio::co_spawn(executor, lane(slot), asio::detached);
    while (lanes_ > 0)
      co_await wait_for_change();
    signals_.cancel();
    keys_.reset();
    co_await asio::post(executor, asio::use_awaitable); // behind what came a moment before
    co_return ended_by_;
  }

private:
  asio::awaitable<void> wait_for_change() { co_await changed_.async_wait(quiet_wait); }

  /// Runs one process after the other.
  asio::awaitable<void> lane(unsigned slot) {
    while (!state_.finished()) {
      auto work = state_.next(slot);
      if (!work) {
        if (!state_.finished())
          co_await wait_for_change();
        continue;
      }
      const auto how = co_await run_one(*work);
      state_.ended(work->number, how);
      changed_.cancel();
    }
    --lanes_;
    changed_.cancel();
  }

  asio::awaitable<attempt> run_one(run_state::work& work) {
    auto future =
      pool_.apply(troupe::task_options{.name = work.title}, run_test, std::move(work.order));
    const auto place =
      running_.insert(running_.end(), running_process{work.title, clock::now(), &future});
    const auto slow = std::make_shared<slow_warning>(
      slow_warning{asio::steady_timer(co_await asio::this_coro::executor), work.slow, *place});
    if (work.slow.count() > 0)
      warn_after(slow);
    attempt out;
    try {
      out = co_await future;
    } catch (const troupe::task_cancelled&) {
      out = interrupted();
    } catch (const std::exception& e) {
      out = lost(e);
    }
    slow->timer.cancel();
    running_.erase(place);
    co_return out;
  }

  // The time may be over a moment before the process is, and then the handler is called when that is gone.
  void warn_after(const std::shared_ptr<slow_warning>& slow) {
    slow->timer.expires_after(slow->time);
    slow->timer.async_wait(
      [this, weak = std::weak_ptr(slow)](const boost::system::error_code& error) {
        const auto late = weak.lock();
        if (error || !late)
          return;
        notices_ << headline("SLOW", clock::now() - late->process.began, late->process.title)
                 << std::endl;
        warn_after(late);
      });
  }

  void listen() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
      if (error || lanes_ == 0)
        return;
      on_signal(number);
      listen();
    });
  }

  void on_signal(int number) {
    if (number == SIGUSR1) {
      print_running();
    } else if (!state_.stopped() || number == SIGHUP) {
      state_.stop();
      notices_ << "troupe test: nothing more is started, and " << running_.size()
               << " of what runs comes to its end; once more (Ctrl-C) ends it" << std::endl;
      changed_.cancel();
    } else {
      ended_by_ = number;
      notices_ << "troupe test: what runs is ended" << std::endl;
      for (const auto& each : running_)
        each.result->cancel();
    }
  }

  void on_key(char key) {
    if (key == 't')
      print_running();
  }

  void print_running() {
    notices_ << state_.done() << " tests done, " << running_.size() << " running:\n";
    for (const auto& each : running_)
      notices_ << headline("RUNS", clock::now() - each.began, each.title) << '\n';
    notices_ << std::flush;
  }

  troupe::pool& pool_;
  run_state& state_;
  std::ostream& notices_;
  asio::io_context& loop_;
  asio::signal_set signals_;
  std::optional<terminal_keys> keys_;
  asio::steady_timer changed_;
  std::list<running_process> running_;
  unsigned lanes_ = 0;
  int ended_by_ = 0;
};

} // namespace

struct test_pool::implementation {
  troupe::runtime runtime{troupe::runtime_options{.control = true}};
  troupe::pool pool;

  implementation(unsigned width, std::chrono::milliseconds grace)
    : pool(runtime, options(width, grace)) {}

  static troupe::pool_options options(unsigned width, std::chrono::milliseconds grace) {
    troupe::pool_options out;
    out.processes = width;
    out.childconcurrency =
      1; // a test that kills its parent takes no other with it, and none waits for another's stacks
    out.name = "test";
    // A child that was asked to stop needs the grace of the process that it runs, and a little more.
    out.cancel_grace = grace + std::chrono::seconds(10);
    out.shutdown_timeout = out.cancel_grace;
    return out;
  }
};

test_pool::test_pool(unsigned width, std::chrono::milliseconds grace)
  : self_(std::make_unique<implementation>(width, grace)) {}

test_pool::~test_pool() {
  self_->pool.close();
  self_->pool.join();
}

std::vector<attempt> test_pool::run_each(std::vector<process_order> orders) {
  std::vector<troupe::task_future<attempt>> futures;
  futures.reserve(orders.size());
  for (auto& each : orders)
    futures.push_back(self_->pool.apply(run_test, std::move(each)));
  std::vector<attempt> out;
  for (auto& each : futures)
    try {
      out.push_back(each.get());
    } catch (const std::exception& e) {
      out.push_back(lost(e));
    }
  return out;
}

int test_pool::run(run_state& state, std::ostream& notices) {
  run_on_loop run(self_->pool, static_cast<asio::io_context&>(self_->runtime.executor().context()),
    state, notices);
  return self_->runtime.run(run.run());
}

} // namespace troupe_cli::test
