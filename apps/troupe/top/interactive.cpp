#include "top/interactive.hpp"

#include "text/terminal_text.hpp"
#include "top/screen.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe_cli {

namespace {

using clock = std::chrono::steady_clock;

constexpr const char* all_keys =
  " q quit  up/down child  left/right pool  s sort  k stack  f failures' "
  "stacks  r recycle  +/- resize  d drain";

// What is shown, and what has been chosen. `page` counts the pools of all processes.
class session {
public:
  session(watched_list& watched, std::chrono::milliseconds interval)
    : watched_(watched)
    , interval_(interval)
    , names_(names_of(symbols_)) {}

  int run() {
    next_look_ = clock::now() + interval_;
    for (;;) {
      draw();
      const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(next_look_ - clock::now());
      const auto came =
        screen_.wait(static_cast<int>(std::clamp<long long>(left.count(), 0, 60'000)));
      if (came.hung_up)
        return 128 + 1; // SIGHUP
      if (came.signal != 0)
        return 128 + came.signal;
      if (came.what != screen::key::none) {
        if (!handle(came))
          return static_cast<int>(exit_code::ok);
      } else if (clock::now() >= next_look_) {
        look();
      }
    }
  }

private:
  struct page {
    pid_t pid;
    std::size_t pool;
  };

  std::vector<page> pages() const {
    std::vector<page> all;
    for (const auto& [pid, process] : watched_.processes())
      for (std::size_t pool = 0; pool < std::max<std::size_t>(process.now.pools.size(), 1); ++pool)
        all.push_back({pid, pool});
    return all;
  }

  std::optional<page> present() {
    const auto all = pages();
    if (all.empty())
      return std::nullopt;
    page_ = std::min(page_, all.size() - 1);
    return all[page_];
  }

  const pool_status* present_pool() {
    const auto at = present();
    if (!at)
      return nullptr;
    const auto& pools = watched_.processes().at(at->pid).now.pools;
    return at->pool < pools.size() ? &pools[at->pool] : nullptr;
  }

  static const process_status* before(const watched_list::process& process) {
    return process.before ? &*process.before : nullptr;
  }

  void look() {
    watched_.look();
    next_look_ = clock::now() + interval_;
  }

  std::vector<view_line> lines() {
    if (!text_.empty())
      return text_;
    const auto at = present();
    if (!at)
      return {{"No process can be watched at present."}};
    const auto& process = watched_.processes().at(at->pid);
    return show_pool(
      process.now, at->pool, before(process), {order_, selected_, with_stacks_}, names_);
  }

  void draw() {
    const auto shown = lines();
    const auto most = shown.size() > screen_.height() ? shown.size() - screen_.height() : 0;
    first_ = std::min(first_, most);
    auto last = !question_.empty()            ? " " + question_
                : !message_.empty()           ? " " + message_
                : !text_.empty()              ? std::string(" any key goes back")
                : !watched_.problem().empty() ? " " + text::printable(watched_.problem())
                                              : std::string(all_keys);
    if (const auto all = pages().size(); all > 1 && text_.empty())
      last += "  [" + std::to_string(page_ + 1) + "/" + std::to_string(all) + "]";
    screen_.show(shown, first_, last);
  }

  // False: leave.
  bool handle(const screen::event& came) {
    message_.clear();
    if (!question_.empty()) {
      question_.clear();
      if (came.letter == 'y')
        tell(std::exchange(command_, {}), "the pool takes no more tasks");
      return true;
    }
    using key = screen::key;
    if (came.what == key::page_down)
      first_ += screen_.height();
    else if (came.what == key::page_up)
      first_ -= std::min(first_, screen_.height());
    else if (!text_.empty())
      text_.clear();
    else if (came.what == key::up || came.what == key::down)
      select(came.what == key::down);
    else if (came.what == key::left)
      turn_to(page_ == 0 ? 0 : page_ - 1);
    else if (came.what == key::right)
      turn_to(page_ + 1);
    else if (came.what == key::enter)
      show_stack();
    else
      return handle_letter(came.letter);
    return true;
  }

  bool handle_letter(char letter) {
    switch (letter) {
    case 'q':
      return false;
    case 's':
      order_ = static_cast<child_order>((static_cast<int>(order_) + 1) % 4);
      message_ = std::string("children by ") + to_string(order_);
      break;
    case 'f':
      with_stacks_ = !with_stacks_;
      break;
    case 'k':
      show_stack();
      break;
    case 'r':
      recycle();
      break;
    case '+':
    case '-':
      resize(letter == '+');
      break;
    case 'd':
      drain();
      break;
    default:
      break;
    }
    return true;
  }

  void turn_to(std::size_t number) {
    page_ = number;
    first_ = 0;
    selected_ = static_cast<std::size_t>(-1);
  }

  void select(bool down) {
    const auto* const pool = present_pool();
    if (pool == nullptr || pool->children.empty())
      return;
    const auto& process = watched_.processes().at(present()->pid);
    const auto children = ordered_children(*pool, earlier_look(before(process), *pool), order_);
    const auto found = std::ranges::find(children, selected_, &child_status::slot);
    auto at = found == children.end() ? children.begin() : found;
    if (found != children.end() && down && at + 1 != children.end())
      ++at;
    else if (found != children.end() && !down && at != children.begin())
      --at;
    selected_ = at->slot;
  }

  // The slot that a key is meant for.
  const pool_status* chosen_child() {
    const auto* const pool = present_pool();
    if (pool != nullptr &&
        std::ranges::find(pool->children, selected_, &child_status::slot) != pool->children.end())
      return pool;
    message_ = "choose a child first, by the keys up and down";
    return nullptr;
  }

  void show_stack() {
    const auto* const pool = chosen_child();
    if (pool == nullptr)
      return;
    try {
      const auto answer = parse_stacks(
        watched_.ask(present()->pid, R"({"ask": "stack", "pool": ")" + pool->id + R"(", "slot": )" +
                                       std::to_string(selected_) + "}"));
      text_ = show_stacks(answer, names_);
      first_ = 0;
    } catch (const std::exception& e) {
      message_ = text::printable(e.what());
    }
  }

  void recycle() {
    if (const auto* const pool = chosen_child())
      tell(R"({"do": "recycle", "pool": ")" + pool->id + R"(", "slot": )" +
             std::to_string(selected_) + "}",
        "slot " + std::to_string(selected_) + " gets another child when this one has finished");
  }

  void resize(bool up) {
    const auto* const pool = present_pool();
    if (pool == nullptr || (!up && pool->children.size() <= 1))
      return;
    const auto size = up ? pool->children.size() + 1 : pool->children.size() - 1;
    tell(R"({"do": "resize", "pool": ")" + pool->id + R"(", "processes": )" + std::to_string(size) +
           "}",
      "the pool has " + std::to_string(size) + " children from now on");
  }

  void drain() {
    const auto* const pool = present_pool();
    if (pool == nullptr)
      return;
    command_ = R"({"do": "drain", "pool": ")" + pool->id + R"("})";
    question_ = "drain pool " + text::printable(pool->name) +
                ", so that it takes no more tasks and ends? y: yes, any other key: no";
  }

  void tell(const std::string& command, const std::string& done) {
    const auto at = present();
    if (!at)
      return;
    try {
      check_done(watched_.ask(at->pid, command));
      message_ = done;
      look();
    } catch (const std::exception& e) {
      message_ = text::printable(e.what());
    }
  }

  watched_list& watched_;
  const std::chrono::milliseconds interval_;
  screen screen_;
  symbols symbols_;
  const view_names names_;
  clock::time_point next_look_{};
  std::size_t page_ = 0;
  std::size_t first_ = 0; // line that is shown
  std::size_t selected_ = static_cast<std::size_t>(-1);
  child_order order_ = child_order::slot;
  bool with_stacks_ = false;
  std::vector<view_line> text_; // that is shown instead of a pool
  std::string question_;        // that waits for an answer,
  std::string command_;         // and what is done if that is yes
  std::string message_;
};

} // namespace

view_names names_of(symbols& names) {
  return {
    [&names](const module_files& modules, const task_label& label) {
      return names.name_of(modules, label);
    },
    [&names](
      const module_files& modules, const code_place& place) { return names.frame(modules, place); },
  };
}

int watch_on_terminal(watched_list& watched, std::chrono::milliseconds interval) {
  return session(watched, interval).run();
}

} // namespace troupe_cli
