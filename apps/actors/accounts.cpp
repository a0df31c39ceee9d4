// Accounts that live as actors in child processes, and a teller in the parent who moves money between
// them. Then the process of one account is killed: its successor, in a new process, answers behind the
// same handle, and starts with its first balance.
#include "account_messages.hpp" // for the version of CAF

#include <troupe/troupe.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <cstdio>
#include <string>

#include <unistd.h>

namespace {

class account : public caf::event_based_actor {
public:
  account(caf::actor_config& config, int balance)
    : caf::event_based_actor(config)
    , balance_(balance) {}

  caf::behavior make_behavior() override {
    return {
      [this](const get_balance&) { return balance_; },
      [](const get_process&) { return static_cast<int>(::getpid()); },
      [this](const deposit& money) { return balance_ += money.amount; },
      [this](const transfer& order) {
        balance_ -= order.amount;
        return delegate(order.to, deposit{order.amount}); // the other account answers
      },
    };
  }

private:
  int balance_;
};

template <class... Ts>
int ask(caf::scoped_actor& self, const caf::actor& whom, Ts&&... question) {
  int answer = 0;
  self->request(whom, caf::infinite, std::forward<Ts>(question)...)
    .receive([&](int value) { answer = value; }, [](caf::error& e) { troupe::rethrow(e); });
  return answer;
}

} // namespace

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 2}};
  const troupe::actor_options permanent{.restart = troupe::restart_policy::permanent};
  const auto ada = pool.spawn<account>(permanent, 100);
  const auto grace = pool.spawn<account>(permanent, 10);

  caf::scoped_actor self{rt.system()};
  const int received = ask(self, ada, transfer{30, grace});
  std::printf("Ada has %d, Grace has %d\n", ask(self, ada, get_balance{}), received);

  const int process = ask(self, ada, get_process{});
  ::kill(process, SIGKILL);
  int successor = process;
  while (successor == process) {
    try {
      successor = ask(self, ada, get_process{});
    } catch (const troupe::error&) {
      // The question had reached the process that died.
    }
  }
  std::printf("Ada has %d again\n", ask(self, ada, get_balance{}));
  return 0;
}
