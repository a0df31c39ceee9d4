// What a test is that was forked, and its program.
#include "support/catch.hpp"

#include <troupe/pool.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <unistd.h>

namespace {

std::string all_of(const char* file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string open_files() {
  std::string all;
  for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone; // such as the descriptor of this directory
    all += std::filesystem::read_symlink(one, gone).string() + '\n';
  }
  return all;
}

std::atomic<int> seen{0}; // by the test that runs, and no other

} // namespace

TEST_CASE("it has its own copy of what is static") {
  CHECK(seen++ == 0);
}

TEST_CASE("so has another") {
  CHECK(seen++ == 0);
}

TEST_CASE("it has no socket, and nothing to read") {
  CHECK(open_files().find("socket:") == std::string::npos);
  char c = 0;
  CHECK(::read(STDIN_FILENO, &c, 1) == 0);
}

TEST_CASE("it leads a session of its own") {
  CHECK(::getsid(0) == ::getpid());
  CHECK(::getpgrp() == ::getpid());
}

TEST_CASE("its environment is that of a program that was executed for it") {
  CHECK(std::getenv("TROUPE_FORK_TESTS") == nullptr);
  REQUIRE(std::getenv("TROUPE_COMMAND") != nullptr);
  const std::string mark = std::string("TROUPE_COMMAND=") + std::getenv("TROUPE_COMMAND");
  CHECK(all_of("/proc/self/environ").find(mark + '\0') != std::string::npos);
  CHECK(mark.find("forks") == std::string::npos);
  REQUIRE(std::getenv("TMPDIR") != nullptr);
  CHECK(::access(std::getenv("TMPDIR"), W_OK) == 0);
}

int twice(int number) {
  return 2 * number;
}

std::size_t arguments_of_this_process() {
  const auto line = all_of("/proc/self/cmdline");
  return static_cast<std::size_t>(std::count(line.begin(), line.end(), '\0'));
}

TEST_CASE("it makes pools, whose children are started with its own command line") {
  troupe::runtime rt;
  troupe::pool pool(rt, {.processes = 1, .start_method = troupe::start_method::spawn});
  CHECK(pool.apply(twice, 4).get() == 8);
  CHECK(pool.apply(arguments_of_this_process).get() > 4); // to list its tests takes fewer
}

TEST_CASE("it may have any threads") {
  std::thread([] { ++seen; }).join();
  CHECK(seen == 1);
}
