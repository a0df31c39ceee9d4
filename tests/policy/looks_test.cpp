// How much is looked at: a look at a pool costs what has to be done, and not what there is.
#include "policy/supervision.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

using namespace troupe;
using policy::child_phase;

namespace {

/// Counts what `supervision` asks of it.
struct counting_client final : policy::supervision::client {
  bool needs_children(queue_id) const override {
    ++questions;
    return true;
  }
  bool is_idle(std::uint32_t seat) const override {
    asked.push_back(seat);
    return idle;
  }
  void takes_tasks(std::uint32_t, queue_id) override {}
  void gave_up(const std::exception_ptr&) override {}

  mutable std::size_t questions = 0;
  mutable std::vector<std::uint32_t> asked;
  bool idle = false;
};

/// Children that start, and of which nothing else is reported.
struct silent_host final : policy::child_host {
  std::exception_ptr start(std::uint32_t, const policy::child_record&) override { return nullptr; }
  policy::child_port& port(std::uint32_t) override { throw std::logic_error("no child is asked"); }
  void take_position(std::uint32_t, const policy::child_record&) override {}
  void drain(std::uint32_t seat) override { drained.push_back(seat); }
  void end(std::uint32_t, ending, const std::string&) override {}
  void warn(std::uint32_t, const policy::child_record&, const std::string&) override {}
  void child_started(std::uint32_t, const policy::child_record&) override {}
  void child_ended(const child_exit&, bool) override {}
  void task_retried(const policy::retried_task&) override {}
  void failed(const std::exception_ptr&) override {}
  void made_room() override {}
  void all_down() override {}

  std::vector<std::uint32_t> drained;
};

} // namespace

TEST_CASE("a look at a thousand children asks of those that are to leave, and of no other") {
  policy::supervision::rules rules;
  rules.name = "test";
  rules.processes = 1000;
  counting_client client;
  silent_host host;
  policy::supervision children(rules, host, client);
  const policy::supervision::time_point now{std::chrono::hours(1)};
  children.reconcile(now);
  for (std::uint32_t seat = 0; seat < 1000; ++seat)
    children.ready(seat);
  client.questions = 0;
  children.reconcile(now);
  CHECK(client.questions == 0);
  CHECK(client.asked.empty());

  for (const std::uint32_t seat : {3u, 400u, 999u})
    children.retire(seat);
  children.reconcile(now); // starts their successors
  CHECK(client.asked.size() == 3);
  CHECK(client.questions == 3);
  client.asked.clear();
  client.questions = 0;
  children.reconcile(now);
  CHECK(client.asked.size() == 3);
  CHECK(client.questions == 0);

  client.idle = true;
  for (std::uint32_t seat = 1000; seat < 1003; ++seat)
    children.ready(seat);
  children.reconcile(now);
  CHECK(host.drained.size() == 3);
  client.asked.clear();
  children.reconcile(now);
  CHECK(client.asked.empty());
}
