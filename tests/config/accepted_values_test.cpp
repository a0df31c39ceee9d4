#include "config_file.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using config_test::load;

TEST_CASE("a pool table sets every option by name") {
  const auto config = load(R"([pool.web]
processes = 4
childconcurrency = 32
queuecount = 2
maxtasksperchild = 1000
scheduler = "round_robin"
start_method = "forkserver"
spares = 3
start_timeout = "1m"
shutdown_timeout = "250ms"
max_queue = 5000
overflow = "reject"
input = "inherit"
output = "capture"
cancel_grace = "2s"
slow_after = "3s"
maxmemoryperchild = "512MiB"
maxageperchild = "6h"
environment = ["PATH", "LC_*"]
working_directory = "/var/tmp"
umask = "027"
sandbox = "guarded"
writable_directories = ["/tmp", "/var/spool/web"]
sockets = true
limits = { open_files = 64, processes = 500, cpu_time = "1m", nice = 5, no_new_privs = true, core_dumps = true }
restart = { intensity = 7, period = "2h", backoff = "1s", start_attempts = 9, give_up_after = "2m" }
)");
  const auto& pool = config.pool("web");
  CHECK(pool.name == "web");
  CHECK(pool.processes == 4);
  CHECK(pool.childconcurrency == 32);
  CHECK(pool.queuecount == 2);
  CHECK(pool.maxtasksperchild == 1000);
  CHECK(pool.scheduler == nullptr);
  CHECK(pool.start_method == troupe::start_method::forkserver);
  CHECK(pool.spares == 3);
  CHECK(pool.start_timeout == 60s);
  CHECK(pool.shutdown_timeout == 250ms);
  CHECK(pool.max_queue == 5000);
  CHECK(pool.overflow == troupe::overflow::reject);
  CHECK(pool.input == troupe::input::inherit);
  CHECK(pool.output == troupe::output::capture);
  CHECK(pool.cancel_grace == 2s);
  CHECK(pool.maxmemoryperchild == std::size_t{512} << 20);
  CHECK(pool.maxageperchild == 6h);
  CHECK(pool.environment == std::vector<std::string>{"PATH", "LC_*"});
  CHECK(pool.working_directory == "/var/tmp");
  CHECK(pool.umask == 027u);
  CHECK(pool.sandbox == troupe::sandbox::guarded);
  CHECK(pool.writable_directories == std::vector<std::string>{"/tmp", "/var/spool/web"});
  CHECK(pool.sockets);
  CHECK(pool.slow_after == 3s);
  CHECK(pool.limits.open_files == 64);
  CHECK(pool.limits.processes == 500);
  CHECK(pool.limits.cpu_time == 60s);
  CHECK(pool.limits.nice == 5);
  CHECK(pool.limits.no_new_privs);
  CHECK(pool.limits.core_dumps);
  CHECK(pool.restart.intensity == 7);
  CHECK(pool.restart.period == 2h);
  CHECK(pool.restart.backoff == 1s);
  CHECK(pool.restart.start_attempts == 9);
  CHECK(pool.restart.give_up_after == 2min);
}

TEST_CASE("each kind of sandbox is known by its name") {
  for (const auto& [name, kind] :
    {std::pair("none", troupe::sandbox::none), std::pair("guarded", troupe::sandbox::guarded),
      std::pair("isolated", troupe::sandbox::isolated)}) {
    const auto text = std::string("[pool.web]\nsandbox = \"") + name + "\"\n";
    CHECK(load(text).pool("web").sandbox == kind);
  }
}

TEST_CASE("restart options may be a table of their own") {
  const auto config = load("[pool.web.restart]\nintensity = 0\n[pool.web]\nprocesses = 1\n");
  CHECK(config.pool("web").restart.intensity == 0);
  CHECK(config.pool("web").processes == 1);
}

TEST_CASE("a file names a built-in scheduler, and each pool that is made of it has its own") {
  const auto config = load("[pool.a]\nscheduler = \"least_loaded\"\n[pool.b]\n"
                           "scheduler = \"random_two\"\n[pool.c]\nscheduler = \"by_key\"\n");
  const auto first = config.pool("a").scheduler;
  CHECK(dynamic_cast<troupe::least_loaded*>(first.get()) != nullptr);
  CHECK(config.pool("a").scheduler != first);
  CHECK(dynamic_cast<troupe::random_two*>(config.pool("b").scheduler.get()) != nullptr);
  CHECK(dynamic_cast<troupe::by_key*>(config.pool("c").scheduler.get()) != nullptr);
}

TEST_CASE("each flag is set by itself, and may be false") {
  const auto one = load("pool.a.limits = { no_new_privs = true, core_dumps = false }").pool("a");
  CHECK(one.limits.no_new_privs);
  CHECK_FALSE(one.limits.core_dumps);
  const auto other = load("pool.a.limits.core_dumps = true").pool("a");
  CHECK_FALSE(other.limits.no_new_privs);
  CHECK(other.limits.core_dumps);
}

TEST_CASE("options may be written as dotted keys") {
  CHECK(load("pool.web.restart.backoff = \"0s\"").pool("web").restart.backoff == 0ms);
}

TEST_CASE("what a pool table leaves out stays at its default") {
  const auto config = load("[pool.web]\n");
  CHECK(config.pool("web").childconcurrency == troupe::pool_options{}.childconcurrency);
  CHECK(config.pool("web").name == "web");
}

TEST_CASE("every start method has a name") {
  CHECK(
    load("pool.a.start_method = \"spawn\"").pool("a").start_method == troupe::start_method::spawn);
  CHECK(
    load("pool.a.start_method = \"fork\"").pool("a").start_method == troupe::start_method::fork);
  CHECK_FALSE(load("[pool.a]\n").pool("a").start_method);
}

TEST_CASE("the bounds of each range are inside of it") {
  CHECK(load("[pool.a]\nspares = 1024").pool("a").spares == 1024);
  CHECK(load("[pool.a]\nprocesses = 1024\nqueuecount = 1024").pool("a").queuecount == 1024);
  CHECK(load("[pool.a]\nchildconcurrency = 16384").pool("a").childconcurrency == 16384);
  CHECK(load("[pool.a]\nchildconcurrency = 1").pool("a").childconcurrency == 1);
  CHECK(load("[pool.a]\nmaxtasksperchild = 9223372036854775807").pool("a").maxtasksperchild ==
        9'223'372'036'854'775'807u);
  CHECK(load("[pool.a]\nstart_timeout = \"24h\"").pool("a").start_timeout == 24h);
  CHECK(load("[pool.a]\nstart_timeout = \"1ms\"").pool("a").start_timeout == 1ms);
  CHECK(load("[pool.a]\nshutdown_timeout = \"0ms\"").pool("a").shutdown_timeout == 0ms);
  CHECK(load("[pool.a.restart]\nintensity = 1_000_000").pool("a").restart.intensity == 1'000'000);
}

TEST_CASE("more queues than processes are fine where the number of processes is not known yet") {
  CHECK(load("[pool.a]\nprocesses = 0\nqueuecount = 2").pool("a").queuecount == 2);
}

TEST_CASE("pool names are sorted, and may be any printable text") {
  const auto config = load("[pool.web]\n[pool.api]\n[pool.\"b\u00fccher 2.0\"]\n");
  CHECK(config.pool_names() == std::vector<std::string>{"api", "b\u00fccher 2.0", "web"});
  CHECK(config.pool("b\u00fccher 2.0").name == "b\u00fccher 2.0");
}

TEST_CASE("an app table keeps its scalars and where they are") {
  const auto config =
    load("[app.shop]\ndebug = true\n  port = -8080\nrate = 0.5\ntitle = 'Books'\n");
  const auto& shop = config.app("shop");
  REQUIRE(shop.size() == 4);
  CHECK(std::get<bool>(shop.at("debug").value));
  CHECK(std::get<std::int64_t>(shop.at("port").value) == -8080);
  CHECK(std::get<double>(shop.at("rate").value) == 0.5);
  CHECK(std::get<std::string>(shop.at("title").value) == "Books");
  CHECK_THAT(shop.at("port").where, Catch::EndsWith("/troupe.toml:3:3"));
}

TEST_CASE("an app table that is not there is empty") {
  CHECK(load("[app.shop]\ndebug = true\n").app("shelf").empty());
}

TEST_CASE("an empty file has no pools") {
  CHECK(load("").pool_names().empty());
  CHECK(load("# nothing\r\n").pool_names().empty());
}

TEST_CASE("a byte order mark is skipped and is no column") {
  CHECK(load("\xEF\xBB\xBF[pool.web]\n").pool_names() == std::vector<std::string>{"web"});
  CHECK(config_test::error_of("\xEF\xBB\xBFpools = 1") ==
        "troupe.toml:1:1: pools: unknown key; did you mean \"pool\"?");
}

TEST_CASE("asking for a pool that is not there names the nearest one") {
  const auto config = load("[pool.web]\n[pool.batch]\n");
  CHECK_THROWS_AS(config.pool("bacth"), troupe::config_error);
  CHECK_THROWS_WITH(config.pool("bacth"),
    Catch::EndsWith("troupe.toml: pool.bacth: no such pool; did you mean \"batch\"?"));
  CHECK_THROWS_WITH(config.pool("database"), Catch::EndsWith("no such pool; valid: batch, web"));
  CHECK_THROWS_WITH(load("").pool("web"), Catch::EndsWith("no such pool; there are none"));
}
