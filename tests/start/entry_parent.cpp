// A program in which children take over in the way that its argument names.
#include "io_types.hpp" // for the version of CAF

#include <troupe/troupe.hpp>

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

int square(int x) {
  return x * x;
}

void say(const std::string& text) {
  std::cout << text << std::endl;
}

// Its constructor runs before main.
struct asked_early {
  bool is_child = troupe::this_child::is_child();
};
const asked_early early;
bool first_statement_is_in_child = false;

std::string who_am_i() {
  return std::string(early.is_child ? "child" : "parent") +
         (first_statement_is_in_child ? " child" : " parent");
}

std::string failure_of(const std::function<void()>& function) {
  try {
    function();
    return "no failure";
  } catch (const std::exception& e) {
    return e.what();
  }
}

// -- where the runtime is made --------------------------------------------------------------------------

// As a library would, that nobody has told of troupe.
int library_function(int x) {
  static troupe::runtime rt;
  static troupe::pool pool{rt, {.processes = 1}};
  return pool.apply(square, x).get();
}

int made_late() {
  say("only the parent comes here");
  say(std::to_string(library_function(3)));
  return 0;
}

int is_child_is_known() {
  troupe::runtime rt;
  troupe::pool pool{rt, {.processes = 1}};
  say(who_am_i());
  say(pool.apply(who_am_i).get());
  for (const auto method : {troupe::start_method::forkserver, troupe::start_method::spawn}) {
    troupe::pool another{rt, {.processes = 1, .start_method = method}};
    say(another.apply(who_am_i).get());
  }
  return 0;
}

int is_shared() {
  say(troupe::runtime::try_current() == nullptr ? "none" : "one");
  say(failure_of([] { troupe::runtime::current(); }));
  {
    troupe::runtime rt;
    say(troupe::runtime::try_current() == &rt && &troupe::runtime::current() == &rt ? "this"
                                                                                    : "none");
    troupe::pool pool{rt, {.processes = 1}};
    say(pool.apply([] { return troupe::runtime::try_current() == nullptr; }).get()
          ? "none in a child"
          : "one in a child");
  }
  say(troupe::runtime::try_current() == nullptr ? "none" : "one");
  return 0;
}

int argument_count = 0;

// As a program with subcommands does.
int subcommand(int argc, char** argv) {
  troupe::runtime rt{argc - 1, argv + 1};
  troupe::pool pool{rt, {.processes = 1}};
  say(std::to_string(pool.apply([] { return argument_count; }).get()));
  return 0;
}

int without_environment(int argc, char** argv) {
  ::clearenv();
  troupe::runtime rt{argc, argv};
  troupe::pool pool{rt, {.processes = 1}};
  say(std::to_string(pool.apply(square, 3).get()));
  return 0;
}

// -- children that do not come to it --------------------------------------------------------------------

// Counts the children that begin.
void count(const char* file) {
  if (troupe::this_child::is_child())
    std::ofstream(file, std::ios::app) << '.';
}

std::string failure_of_pool(troupe::start_method method, std::chrono::milliseconds timeout) {
  troupe::runtime rt{{.preload_timeout = timeout}};
  troupe::pool pool{rt, {.processes = 1, .start_method = method, .start_timeout = timeout}};
  return failure_of([&] { pool.apply(square, 3).get(); });
}

// `exit_code`: of what ends there; none: it waits.
int never_reached(const char* file, std::optional<int> exit_code, troupe::start_method method) {
  count(file);
  if (troupe::this_child::is_child()) {
    if (exit_code)
      return *exit_code;
    for (;;)
      ::pause();
  }
  say(failure_of_pool(method, exit_code ? 60s : 300ms));
  return 0;
}

// -- standard input -------------------------------------------------------------------------------------

int next_byte() {
  return std::getchar();
}

int read_input() {
  troupe::runtime rt;
  for (const auto method : {troupe::start_method::spawn, troupe::start_method::forkserver}) {
    troupe::pool pool{rt, {.processes = 1, .start_method = method}};
    say(pool.apply(next_byte).get() == EOF ? "nothing" : "something");
  }
  troupe::pool pool{rt, {.processes = 1, .input = troupe::input::inherit}};
  say(pool.apply(next_byte).get() == 'x' ? "x" : "something else");
  troupe::pool forked{rt, {.processes = 1,
                            .start_method = troupe::start_method::forkserver,
                            .input = troupe::input::inherit}};
  say(forked.apply(next_byte).get() == EOF ? "its end" : "something else");
  return 0;
}

int read_input_in_copy(int argc, char** argv) {
  say(std::getchar() == 'a' ? "a" : "something else"); // and the rest of the line is buffered now
  troupe::runtime rt{argc, argv, {.start_method = troupe::start_method::fork}};
  troupe::pool pool{rt, {.processes = 1}};
  say(pool.apply(next_byte).get() == EOF ? "nothing" : "something");
  say(std::getchar() == 'b' ? "b" : "something else");
  return 0;
}

// -- the terminal ---------------------------------------------------------------------------------------

// What becomes of a read from the terminal.
int read_terminal() {
  const int terminal = ::open("/dev/tty", O_RDWR);
  char byte = 0;
  return ::read(terminal, &byte, 1) < 0 ? errno : 0;
}

int use_terminal() {
  troupe::runtime rt;
  troupe::pool pool{rt, {.processes = 1}};
  pool.apply(say, std::string("a child writes")).get();
  say(pool.apply(read_terminal).get() == EIO ? "it cannot read" : "it can read");
  return 0;
}

// -- how children leave ---------------------------------------------------------------------------------

struct says_goodbye {
  ~says_goodbye() {
    if (troupe::this_child::is_child())
      ::puts("a static object is destroyed"); // buffered
  }
};

void remember_to_leave() {
  static says_goodbye object;
  std::atexit([] { ::puts("a function of atexit is called"); });
}

int leave(troupe::start_method method) {
  troupe::runtime rt;
  {
    troupe::pool pool{rt, {.processes = 1, .start_method = method}};
    pool.apply(remember_to_leave).get();
    pool.close();
    pool.join();
  }
  say("over");
  return 0;
}

// -- modules that are loaded later ----------------------------------------------------------------------

int process_id() {
  return ::getpid();
}

int load_module(const char* file) {
  troupe::runtime rt;
  troupe::pool pool{rt, {.processes = 1}};
  const auto child = pool.apply(process_id).get();
  say(failure_of([&] { rt.load_module("/nonexistent/module.so"); }));
  rt.load_module(file);
  void* const module = ::dlopen(file, RTLD_NOW | RTLD_NOLOAD);
  auto* const twice = reinterpret_cast<int (*)(int)>(::dlsym(module, "twice"));
  say(std::to_string(pool.apply(twice, 21).get()));
  say(pool.apply(process_id).get() == child ? "in the child that there was" : "in another child");
  troupe::pool later{rt, {.processes = 1,
                           .initializer = troupe::call(twice, 1),
                           .start_method = troupe::start_method::forkserver}};
  say(std::to_string(later.apply(twice, 21).get()));
  troupe::worker worker{rt, troupe::call(twice, 4)};
  worker.start();
  worker.join();
  say(std::to_string(worker.result()));
  return 0;
}

int open_module(const char* file) {
  troupe::runtime rt;
  troupe::pool pool{rt, {.processes = 1}};
  const auto child = pool.apply(process_id).get();
  void* const module = ::dlopen(file, RTLD_NOW);
  auto* const twice = reinterpret_cast<int (*)(int)>(::dlsym(module, "twice"));
  say(failure_of([&] { pool.apply(twice, 21).get(); }));
  say(pool.apply(process_id).get() == child ? "the child lives" : "the child has died");
  return 0;
}

// -- actor systems of the program -----------------------------------------------------------------------

// A class: CAF 0.17 follows a null pointer where it spawns a function without arguments.
class doubler final : public caf::event_based_actor {
public:
  using caf::event_based_actor::event_based_actor;
  caf::behavior make_behavior() override {
    return {[](int x) { return 2 * x; }};
  }
};

// An actor system of the program's own beside that of the runtime, which has CAF's network module.
int two_systems() {
  add_io_types();
  troupe::runtime rt{
    {.configure_caf = [](caf::actor_system_config& config) { config.load<caf::io::middleman>(); }}};
  troupe::pool pool{rt, {.processes = 1}};
  const auto published = rt.system().spawn<doubler>();
  const auto port = rt.system().middleman().publish(published, 0, "127.0.0.1");
  caf::actor_system_config config;
  config.load<caf::io::middleman>();
  caf::actor_system own{config};
  caf::scoped_actor self{own};
  const auto print = [](int value) { say(std::to_string(value)); };
  const auto fail = [](caf::error& e) { say("an error: " + caf::to_string(e)); };
  self->request(own.middleman().remote_actor("127.0.0.1", port.value()).value(), caf::infinite, 21)
    .receive(print, fail);
  self->request(pool.actor(), caf::infinite, troupe::call(square, 4)).receive(print, fail);
  say(failure_of([] { troupe::runtime second; }));
  caf::anon_send_exit(published, caf::exit_reason::user_shutdown);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  first_statement_is_in_child = troupe::this_child::is_child();
  argument_count = argc;
  const std::string how = argc > 1 ? argv[1] : "";
  const char* const file = argc > 2 ? argv[2] : "";
  if (how == "subcommand")
    return subcommand(argc, argv);
  if (how == "no environment")
    return without_environment(argc, argv);
  if (how == "exits first")
    return never_reached(file, 3, troupe::start_method::spawn);
  if (how == "lacks something")
    return never_reached(file, EX_OSERR, troupe::start_method::spawn);
  if (how == "waits first")
    return never_reached(file, std::nullopt, troupe::start_method::spawn);
  if (how == "zygote exits first")
    return never_reached(file, 3, troupe::start_method::forkserver);
  if (how == "zygote waits first")
    return never_reached(file, std::nullopt, troupe::start_method::forkserver);
  if (how == "input of a copy")
    return read_input_in_copy(argc, argv);
  troupe::child_entry(argc, argv);
  if (how == "late")
    return made_late();
  if (how == "is child")
    return is_child_is_known();
  if (how == "shared")
    return is_shared();
  if (how == "input")
    return read_input();
  if (how == "terminal")
    return use_terminal();
  if (how == "leave")
    return leave(troupe::start_method::spawn);
  if (how == "leave forked")
    return leave(troupe::start_method::forkserver);
  if (how == "load module")
    return load_module(file);
  if (how == "open module")
    return open_module(file);
  if (how == "two systems")
    return two_systems();
  return 2;
}
