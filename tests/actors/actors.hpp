#pragma once

#include "support/catch.hpp"
#include "support/test_runtime.hpp"

#include <troupe/troupe.hpp>

#include <caf/all.hpp>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

/// Actors that the tests start in children, and what they are told.
namespace troupe::test {

struct add {
  int by = 0;
};
struct get_count {};
struct get_pid {};
struct order {
  std::string item;
  std::vector<int> amounts;
  caf::actor reply_to;
};
struct die {};
struct quit_with {
  std::uint8_t reason = 0;
};

/// A value that CAF knows nothing of.
struct point {
  int x = 0;
  std::vector<std::string> names;
};

} // namespace troupe::test

#include "caf_forms.hpp" // of the version that is built

namespace troupe::test {

/// Counts, and does as it is told.
class counter : public caf::event_based_actor {
public:
  counter(caf::actor_config& config, int start, std::string name)
    : caf::event_based_actor(config)
    , count_(start)
    , name_(std::move(name)) {}

  caf::behavior make_behavior() override {
    return {
      [this](const add& message) { return count_ += message.by; },
      [this](const get_count&) { return count_; },
      [](const get_pid&) { return static_cast<int>(::getpid()); },
      [this](const order& message) {
        int sum = count_;
        for (const int amount : message.amounts)
          sum += amount;
        send(message.reply_to, name_ + message.item, sum);
      },
      [](const die&) { std::_Exit(3); },
      [this](const quit_with& message) {
        quit(message.reason == 0 ? caf::error()
                                 : caf::error(static_cast<caf::exit_reason>(message.reason)));
      },
    };
  }

private:
  int count_;
  std::string name_;
};

/// Asks an actor as one that blocks; throws its error.
template <class R, class... Ts>
R ask(const caf::actor& whom, Ts&&... content) {
  caf::scoped_actor self{rt().system()};
  R result{};
  self->request(whom, caf::infinite, std::forward<Ts>(content)...)
    .receive(
      [&](R& value) { result = std::move(value); }, [](caf::error& e) { troupe::rethrow(e); });
  return result;
}

/// The reason with which the actor ends, after `end` has been called.
template <class End>
caf::error down_reason(const caf::actor& observed, End end) {
  caf::scoped_actor self{rt().system()};
  self->monitor(observed);
  end();
  caf::error reason;
  self->receive([&](const caf::down_msg& down) {
    CHECK(down.source == observed.address());
    reason = down.reason;
  });
  return reason;
}

} // namespace troupe::test
