// The page of `troupe top --dashboard`, what it is given to show, and whom it is given to.
#include "support/catch.hpp"
#include "top/dashboard.hpp"
#include "top/dashboard_page.hpp"
#include "top/dashboard_status.hpp"
#include "troupe/top/example_status.hpp"

#include <algorithm>
#include <regex>
#include <string>

using namespace troupe_cli;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

const std::string token = "0123456789abcdef0123456789abcdef";

view_names plain_names() {
  return {
    [](const module_files&, const task_label& label) { return label.name; },
    [](const module_files&, const code_place& place) {
      return "frame " + std::to_string(place.offset);
    },
  };
}

process_status example() {
  return example_status("no page");
}

std::string status_of(const process_status& process, const std::string& absence = {}) {
  return dashboard_status({{&process, nullptr, absence}}, {}, plain_names());
}

std::string header_of(const web_reply& reply, const std::string& name) {
  for (const auto& [key, value] : reply.headers)
    if (key == name)
      return value;
  return {};
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
    ++count;
  return count;
}

} // namespace

// -- the page -------------------------------------------------------------------------------------------

TEST_CASE("the page is one file, and names no other place") {
  const auto page = dashboard_page("abc");
  CHECK_THAT(page, Catch::Matchers::StartsWith("<!DOCTYPE html>"));
  CHECK(page.find("//") == page.find("// Whatever comes")); // comments only, and no "http://"
  CHECK(page.find("://") == std::string::npos);
  for (const auto* outside :
    {"src=", "@import", "url(", "<iframe", "<form", "<base", "srcdoc", "<object"})
    CHECK(page.find(outside) == std::string::npos);
  CHECK(count_of(page, "href=") == 1);
  CHECK_THAT(page, Contains("<link rel=\"icon\" href=\"data:,\">"));
}

TEST_CASE("the page makes no markup of text, and changes nothing in what it shows") {
  const std::string page(dashboard_template);
  for (const auto* dangerous : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
         "createContextualFragment", "DOMParser", "eval(", "Function(", "setHTML", "fetch(",
         "XMLHttpRequest", "sendBeacon", "WebSocket", "localStorage", "cookie"})
    CHECK(page.find(dangerous) == std::string::npos);
  // Neither handlers nor styles stand in tags, where no nonce allows them.
  CHECK_FALSE(std::regex_search(page, std::regex("<[a-z][^>]* (on[a-z]+|style)=")));
}

TEST_CASE("only what has the nonce of its answer may run") {
  const auto page = dashboard_page("abc");
  CHECK(page.find("{{nonce}}") == std::string::npos);
  CHECK(count_of(page, "<script") == 1);
  CHECK(count_of(page, "<style") == 1);
  CHECK(count_of(page, "<script nonce=\"abc\">") == 1);
  CHECK(count_of(page, "<style nonce=\"abc\">") == 1);
  CHECK(dashboard_policy("abc") ==
        "default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

// -- whom it is given to --------------------------------------------------------------------------------

TEST_CASE("the page and its events are given to whoever has the token") {
  const auto page = dashboard_answer({"/?token=" + token, "127.0.0.1:80"}, token);
  CHECK(page.status == 200);
  CHECK(page.type == "text/html; charset=utf-8");
  CHECK_FALSE(page.events);
  const auto policy = header_of(page, "Content-Security-Policy");
  const auto nonce = policy.substr(policy.find("'nonce-") + 7, 32);
  CHECK(page.body == dashboard_page(nonce));
  CHECK(page.body != dashboard_answer({"/?token=" + token, "localhost"}, token).body);
  CHECK(header_of(page, "Cache-Control") == "no-store");
  CHECK(header_of(page, "Referrer-Policy") == "no-referrer");
  CHECK(header_of(page, "X-Content-Type-Options") == "nosniff");
  const auto events = dashboard_answer({"/events?token=" + token, "localhost"}, token);
  CHECK(events.status == 200);
  CHECK(events.events);
  CHECK(events.type == "text/event-stream");
  CHECK(header_of(events, "Cache-Control") == "no-store");
}

TEST_CASE("without the token there is nothing, and it is not said why") {
  const auto nowhere = dashboard_answer({"/nowhere?token=" + token, "localhost"}, token);
  for (const auto& target : {std::string("/"), std::string("/events"), "/?token=" + token + "0",
         "/?token=" + token.substr(1), std::string("/?token="), "/events?token=f" + token.substr(1),
         "/events?other=" + token, std::string("/favicon.ico"), std::string(),
         "http://localhost/?token=" + token}) {
    CAPTURE(target);
    const auto reply = dashboard_answer({target, "localhost"}, token);
    CHECK(reply.status == 404);
    CHECK(reply.body == nowhere.body);
    CHECK(reply.headers == nowhere.headers);
    CHECK_FALSE(reply.events);
  }
}

TEST_CASE(
  "a page of somebody else, whose name was made to lead here, is refused even with the token") {
  for (const auto* target : {"/?token=", "/events?token=", "/?"}) {
    const auto reply = dashboard_answer({target + token, "rebound.example.org"}, token);
    CHECK(reply.status == 403);
    CHECK(reply.body == "This server answers to 127.0.0.1 and localhost only.\n");
    CHECK_FALSE(reply.events);
  }
  CHECK(dashboard_answer({"/?token=" + token, ""}, token).status == 403);
}

// -- what it shows --------------------------------------------------------------------------------------

TEST_CASE("the status has the five views, with numbers to sort by and texts to read") {
  const auto status = status_of(example());
  CHECK_THAT(status,
    Contains(
      R"("pid":42,"program":"shop","version":"0.1.0","command":"./shop --all","absence":"")"));
  CHECK_THAT(
    status, Contains(R"("summary":"1,200 done, 3 failed, 297 left","progress":[1200,3,0,297])"));
  CHECK_THAT(status,
    Contains(
      R"("counts":{"done":"1,200","failed":"3","left":"297","rate":"120/s","ETA":"2.47 s",)"));
  CHECK_THAT(status,
    Contains(
      R"("queue":{"waiting":"290","bound":"1,000","in children":"7","busy children":"1","idle children":"1",)"));
  CHECK_THAT(status, Contains(R"("fill":29.0)"));
  CHECK_THAT(status,
    Contains(
      R"([[0,"0"],[100,"100"],"ready","",[-1,""],[90.0,"90.0"],[10485760,"10.0 MiB"],[700,"700"],[0,"0"]])"));
  CHECK_THAT(status,
    Contains(
      R"([[1,"1"],[101,"101"],"ready","fetch, attempt 2 and 1 more",[3000000,"3.00 s"],[20.0,"20.0"],)"));
  CHECK_THAT(status,
    Contains(R"("tasks":[["fetch",[1200,"1,200"],[3,"3"],[0,"0"],[297,"297"],[120.3,"120/s"],)"));
  CHECK_THAT(status,
    Contains(
      R"("failures":[{"key":"5.3","age":"2.00 s","task":"fetch","place":"task 5, attempt 3, slot 1, pid 101","type":"std::runtime_error","message":"no page","stack":["frame 11"]}],"more_failures":0)"));
  CHECK(std::ranges::count(status, '\n') == 0);
}

TEST_CASE("a process that is gone says so") {
  CHECK_THAT(status_of(example(), "has ended"), Contains(R"("absence":"has ended")"));
  CHECK(dashboard_status({}, "process 7: it does not answer", plain_names()) ==
        R"({"problem":"process 7: it does not answer","processes":[],"more_processes":0})");
}

TEST_CASE("lists are bounded, and what is left out is counted") {
  auto process = example();
  auto& pool = process.pools[0];
  pool.children.clear();
  for (std::size_t slot = 0; slot < 1'000; ++slot)
    pool.children.push_back({slot, 1, "ready", 0, 0, 0, slot == 999 ? 5s : 0s, 10s});
  pool.tasks.clear();
  for (std::uint64_t i = 0; i < 257; ++i)
    pool.tasks.push_back({{std::string(10'000, 'x') + std::to_string(i), {}, false}, i});
  pool.failures.assign(50, pool.failures[0]);
  pool.failures[0].stack.assign(1'000, {0, 1});
  pool.failures[0].message = std::string(1 << 20, 'm');
  process.pools.resize(40, pool);
  const std::vector<dashboard_process> many(20, {&process, nullptr, {}});
  const auto status = dashboard_status(many, {}, plain_names());
  CHECK(status.size() < 10'000'000);
  CHECK_THAT(status, Contains(R"("more_processes":12)"));
  CHECK_THAT(status, Contains(R"("more_pools":32)"));
  CHECK_THAT(status, Contains(R"("more_children":800)"));
  CHECK_THAT(status, Contains(R"("more_tasks":207)"));
  CHECK_THAT(status, Contains(R"("more_failures":34)"));
  // The child that uses a CPU is among them, and in the order of slots.
  CHECK_THAT(status, Contains(R"([[198,"198"],)"));
  CHECK(status.find(R"([[199,"199"],)") == std::string::npos);
  CHECK_THAT(status, Contains(R"([[999,"999"],)"));
}

TEST_CASE(
  "whatever a process says of itself, the status is text that is safe to show, in one line") {
  auto process = example();
  for (auto* text : {&process.program, &process.version, &process.pools[0].name,
         &process.pools[0].id, &process.pools[0].children[0].state,
         &process.pools[0].failures[0].message, &process.command[0]})
    *text = "</script>\"\\\x1b]0;\x07\xff\n\xe2\x80\xae";
  const auto status = status_of(process);
  CHECK(std::ranges::none_of(status,
    [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f' || c == '\xff'; }));
  CHECK(status.find("\xe2\x80\xae") == std::string::npos);
}
