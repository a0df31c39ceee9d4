// Accounts that live as actors in child processes, and a teller in the parent who moves money between
// them. Then the process of one account is killed: its successor, in a new process, answers behind the
// same handle, and starts with its first balance.
#include <troupe/troupe.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <cstdio>
#include <string>

#include <unistd.h>

namespace {

struct deposit {
  int amount = 0;
};
// Asks the account to pass some of its money on.
struct transfer {
  int amount = 0;
  caf::actor to;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, deposit& x) {
  return f(caf::meta::type_name("deposit"), x.amount);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, transfer& x) {
  return f(caf::meta::type_name("transfer"), x.amount, x.to);
}

// What a message between processes consists of must be known in all of them.
TROUPE_MESSAGE_TYPE(deposit);
TROUPE_MESSAGE_TYPE(transfer);

using balance_atom = caf::atom_constant<caf::atom("balance")>;
using pid_atom = caf::atom_constant<caf::atom("pid")>;

class account : public caf::event_based_actor {
public:
  account(caf::actor_config& config, int balance)
    : caf::event_based_actor(config)
    , balance_(balance) {}

  caf::behavior make_behavior() override {
    return {
      [this](balance_atom) { return balance_; },
      [](pid_atom) { return static_cast<int>(::getpid()); },
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
  std::printf("Ada has %d, Grace has %d\n", ask(self, ada, balance_atom::value), received);

  const int process = ask(self, ada, pid_atom::value);
  ::kill(process, SIGKILL);
  int successor = process;
  while (successor == process) {
    try {
      successor = ask(self, ada, pid_atom::value);
    } catch (const troupe::error&) {
      // The question had reached the process that died.
    }
  }
  std::printf("Ada has %d again\n", ask(self, ada, balance_atom::value));
  return 0;
}
