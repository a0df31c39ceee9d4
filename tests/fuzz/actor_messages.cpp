// Whatever a child writes in place of signals of its actors, with a hello before it or without: the parent takes it, or it
// is a violation of the protocol. The first byte says which signal it is, and whether the child has said hello.
#include "message_stages.hpp"

#include "actors/actor_bridge.hpp"
#include "fuzz/target.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <memory>
#include <optional>
#include <span>

using namespace troupe;

namespace {

std::vector<std::byte> bytes_of(const detail::bytes& from) {
  const auto view = detail::view(from);
  return {view.begin(), view.end()};
}

// A bridge of a parent, with an actor that its child knows.
class parent_end {
public:
  parent_end() {
    compat::give_node_id(system_);
    hub_.emplace(system_, loop_);
    // With an argument, since CAF's headers bind a reference to the tuple of arguments also if there is none.
    const auto live = [](caf::event_based_actor* self, int) {
      self->set_default_handler(caf::drop);
      self->set_error_handler([](caf::error&) {});
      self->set_exit_handler([](caf::exit_msg&) {});
      self->set_down_handler([](caf::down_msg&) {});
      return caf::behavior{[](const std::string&) {}};
    };
    known_ = system_.spawn(live, 0);
  }
  parent_end(const parent_end&) = delete;
  ~parent_end() {
    loop_.stop();
    loop_.run();
    hub_.reset();
    caf::anon_send_exit(known_, caf::exit_reason::kill);
    known_ = nullptr;
  }

  void receive(bool after_hello, link::actor_signal signal, std::span<const std::byte> payload) {
    actors::actor_bridge::link_end end;
    end.send = [](link::actor_signal, detail::bytes&&) {};
    end.warn = [](const std::string&) {};
    end.end = [](const std::string&) {};
    caf::actor handle = system_.spawn<actors::actor_bridge>(loop_, *hub_, std::move(end));
    auto* const bridge =
      static_cast<actors::actor_bridge*>(caf::actor_cast<caf::abstract_actor*>(handle));
    try {
      if (after_hello)
        bridge->receive(link::actor_signal::hello, node());
      bridge->receive(signal, payload);
    } catch (const link::protocol_violation&) {
    }
    bridge->close(caf::exit_reason::user_shutdown);
    handle = nullptr;
    settle();
  }

  std::vector<std::byte> node() { return encoded(child()); }
  std::vector<std::byte> message(std::uint64_t id, caf::message content) {
    return encoded(caf::actor_cast<caf::strong_actor_ptr>(known_), caf::strong_actor_ptr(), id,
      fuzz::message_stages(), std::move(content));
  }
  std::vector<std::byte> watch() { return encoded(std::uint64_t{1}, system_.node()); }
  std::vector<std::byte> down() {
    return encoded(child(), std::uint64_t{1}, caf::error(caf::exit_reason::kill));
  }
  caf::message with_handle() { return caf::make_message(known_, caf::make_message(1, 2.5)); }

private:
  static caf::node_id child() {
    caf::node_id::default_data::host_id_type host{};
    host.fill(7);
    return caf::make_node_id(1234, host);
  }
  template <class... Ts>
  std::vector<std::byte> encoded(Ts... values) {
    detail::bytes out;
    if (hub_->codec().encode(out, values...))
      throw std::logic_error("a seed cannot be encoded");
    return bytes_of(out);
  }
  // Lets everything run that there is to run now.
  void settle() {
    for (int turns = 0; turns < 3; ++turns) {
      bool reached = false;
      boost::asio::post(loop_.io(), [&] { reached = true; });
      loop_.run_while([&] { return !reached; });
    }
  }

  compat::caf_config config_{1};
  caf::actor_system system_{config_};
  loop::event_loop loop_{system_};
  std::optional<actors::actor_hub> hub_;
  caf::actor known_;
};

parent_end& the_parent() {
  // Never destroyed: CAF cannot be once the variables of the thread are gone.
  static auto* const one = new parent_end;
  return *one;
}

} // namespace

// The ids of processes and actors in them are those of this process.
std::vector<std::string> troupe::fuzz::own_seeds(const std::string&) {
  std::vector<std::string> seeds;
  const auto add = [&seeds](int signal, const std::vector<std::byte>& payload) {
    std::string seed(1, static_cast<char>(signal | 0x80));
    seed.append(reinterpret_cast<const char*>(payload.data()), payload.size());
    seeds.push_back(std::move(seed));
  };
  auto& parent = the_parent();
  const auto id = caf::message_id::default_async_value;
  add(1, parent.node());
  add(2, parent.message(id, caf::make_message(std::string("text"), 7, 2.5L)));
  add(2, parent.message(id, caf::make_message(std::vector<std::string>{"a", "b"}, true)));
  add(2, parent.message(id, caf::make_message(std::u16string(u"wide"), std::vector<char>(9))));
  add(2, parent.message(id, caf::make_message(caf::error(caf::sec::runtime_error))));
  add(2, parent.message(id, parent.with_handle()));
  add(2, parent.message(1, caf::make_message(std::int64_t{1})));
  add(3, parent.watch());
  add(4, parent.down());
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  the_parent().receive((data[0] & 0x80) != 0, static_cast<link::actor_signal>(data[0] & 0x7),
    std::as_bytes(std::span(data + 1, size - 1)));
  return 0;
}
