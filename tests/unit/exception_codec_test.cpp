// Exceptions cross to the parent as themselves and as `proxy_exception`.
#include "base/limits.hpp"
#include "child/tasks/describe_exception.hpp"
#include "support/seeded.hpp"
#include "values/exception_codec.hpp"

#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <new>
#include <optional>
#include <stdexcept>
#include <typeinfo>
#include <variant>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

using namespace troupe;
using namespace troupe::test;

namespace {

class out_of_cheese : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};
TROUPE_EXCEPTION(out_of_cheese);

class out_of_brie : public out_of_cheese {
public:
  using out_of_cheese::out_of_cheese;
};

class silent_error : public std::exception {};
TROUPE_EXCEPTION(silent_error);

// Has more than a message, and cannot be made of one.
class wrong_price : public std::runtime_error {
public:
  wrong_price(std::string of_what, int price)
    : std::runtime_error(of_what + " does not cost " + std::to_string(price))
    , item(std::move(of_what))
    , cents(price) {}

  std::string item;
  int cents;
};

} // namespace

template <>
struct troupe::codec<wrong_price> {
  static void encode(encoder& out, const wrong_price& error) {
    if (error.cents < 0)
      throw std::out_of_range("a price below 0");
    out(error.item);
    out(error.cents);
  }
  static wrong_price decode(decoder& in) {
    auto item = in.make<std::string>();
    return {std::move(item), in.make<int>()};
  }
};

namespace {

TROUPE_EXCEPTION(wrong_price);

exception_report report_of(const std::exception& thrown) {
  exception_report report;
  report.type = typeid(thrown).name();
  report.what = thrown.what();
  if (const auto* kind = detail::kind_of(thrown))
    report.known_type = kind->name;
  return report;
}

detail::bytes encoded(const exception_report& report) {
  detail::bytes bytes;
  detail::encode_report(bytes, report);
  return bytes;
}

std::exception_ptr across(const exception_report& report) {
  return detail::decode_exception(detail::view(encoded(report)));
}

/// The report of a chain of `depth` exceptions.
std::shared_ptr<const exception_report> chain_of(std::size_t depth) {
  std::shared_ptr<const exception_report> report;
  for (; depth > 0; --depth) {
    auto outer = report_of(std::runtime_error("level " + std::to_string(depth)));
    outer.nested = report;
    report = std::make_shared<const exception_report>(outer);
  }
  return report;
}

/// Whether the proxy of `thrown` can be caught as an E, as a `proxy_exception` and as a
/// `std::exception`, with the message of `thrown`.
template <class E>
bool arrives_as_itself(const E& thrown) {
  const auto error = across(report_of(thrown));
  const std::string message = thrown.what();
  int caught = 0;
  try {
    std::rethrow_exception(error);
  } catch (const E& e) {
    caught += e.what() == message;
  } catch (...) {
  }
  try {
    std::rethrow_exception(error);
  } catch (const proxy_exception& e) {
    caught += e.what() == message;
  } catch (...) {
  }
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    caught += e.what() == message;
  } catch (...) {
  }
  return caught == 3;
}

/// Throws and catches; what was caught as an E.
template <class E, class Look>
void catch_as(const std::exception_ptr& error, Look look) {
  REQUIRE(error);
  try {
    std::rethrow_exception(error);
  } catch (const E& e) {
    look(e);
  } catch (const std::exception& e) {
    FAIL("another exception: " << e.what());
  }
}

// The reading of hostile bytes ends in an exception that can be thrown and caught.
void is_always_an_error(std::span<const std::byte> bytes) {
  const auto error = detail::decode_exception(bytes);
  REQUIRE(error);
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    REQUIRE(e.what() != nullptr);
  }
}

} // namespace

TEST_CASE("a report comes back with all that it says") {
  exception_report report;
  report.type = "std::out_of_range";
  report.what = std::string("zero \0 inside", 13);
  report.known_type = "St12out_of_range";
  report.category = "generic";
  report.code = -5;
  report.frames = {{0, 0x1000}, {7, 0xffffffffffffffff}};
  report.nested = chain_of(2);
  report.pid = 4711;
  report.slot = 3;
  report.task = 1ULL << 40;
  report.attempt = 4;
  const auto back = detail::decode_report(detail::view(encoded(report)));
  CHECK(back->type == report.type);
  CHECK(back->what == report.what);
  CHECK(back->known_type == report.known_type);
  CHECK(back->category == report.category);
  CHECK(back->code == report.code);
  CHECK(back->frames == report.frames);
  CHECK(back->pid == report.pid);
  CHECK(back->slot == report.slot);
  CHECK(back->task == report.task);
  CHECK(back->attempt == report.attempt);
  REQUIRE(back->nested);
  CHECK(back->nested->what == "level 1");
  REQUIRE(back->nested->nested);
  CHECK(back->nested->nested->what == "level 2");
  CHECK_FALSE(back->nested->nested->nested);
}

TEST_CASE("a proxy tells where its exception was thrown") {
  auto report = report_of(std::logic_error("no"));
  report.type = "std::logic_error";
  report.pid = 12;
  report.slot = 2;
  report.task = 99;
  report.attempt = 3;
  report.frames = {{1, 2}};
  catch_as<proxy_exception>(across(report), [](const proxy_exception& e) {
    CHECK(e.type() == "std::logic_error");
    CHECK(e.what() == std::string("no"));
    CHECK(e.pid() == 12);
    CHECK(e.slot() == 2);
    CHECK(e.task() == 99);
    CHECK(e.attempt() == 3);
    CHECK(e.frames().size() == 1);
    CHECK_FALSE(e.nested());
  });
}

TEST_CASE("standard exceptions arrive as themselves, as proxies and as std::exception") {
  CHECK(arrives_as_itself(std::out_of_range("index 7")));
  CHECK(arrives_as_itself(std::invalid_argument("x")));
  CHECK(arrives_as_itself(std::domain_error("x")));
  CHECK(arrives_as_itself(std::length_error("x")));
  CHECK(arrives_as_itself(std::logic_error("x")));
  CHECK(arrives_as_itself(std::range_error("x")));
  CHECK(arrives_as_itself(std::overflow_error("x")));
  CHECK(arrives_as_itself(std::underflow_error("x")));
  CHECK(arrives_as_itself(std::runtime_error("")));
  CHECK(arrives_as_itself(std::system_error(5, std::generic_category(), "reading")));
  CHECK(arrives_as_itself(std::ios_base::failure("stream")));
  CHECK(arrives_as_itself(std::filesystem::filesystem_error(
    "copy", "/a", "/b", std::make_error_code(std::errc::io_error))));
  CHECK(arrives_as_itself(std::future_error(std::future_errc::broken_promise)));
  CHECK(arrives_as_itself(std::bad_alloc()));
  CHECK(arrives_as_itself(std::bad_array_new_length()));
  CHECK(arrives_as_itself(std::bad_cast()));
  CHECK(arrives_as_itself(std::bad_any_cast()));
  CHECK(arrives_as_itself(std::bad_typeid()));
  CHECK(arrives_as_itself(std::bad_optional_access()));
  CHECK(arrives_as_itself(std::bad_variant_access()));
  CHECK(arrives_as_itself(std::bad_function_call()));
  CHECK(arrives_as_itself(std::bad_weak_ptr()));
  CHECK(arrives_as_itself(std::bad_exception()));
  CHECK(arrives_as_itself(boost::system::system_error(boost::asio::error::eof, "reading")));
}

TEST_CASE("registered exceptions arrive as themselves, and derived ones as their registered base") {
  CHECK(arrives_as_itself(out_of_cheese("no cheddar")));
  CHECK(arrives_as_itself(silent_error()));
  catch_as<out_of_cheese>(across(report_of(out_of_brie("no brie"))), [](const out_of_cheese& e) {
    CHECK(e.what() == std::string("no brie"));
    CHECK(dynamic_cast<const out_of_brie*>(&e) == nullptr);
  });
}

TEST_CASE("an exception of an unknown type arrives as a remote_error") {
  exception_report report;
  report.type = "acme::odd";
  report.what = "odd";
  for (const char* known : {"", "N4acme3oddE", "\xff"}) {
    report.known_type = known;
    catch_as<remote_error>(across(report), [](const remote_error& e) {
      CHECK(e.what() == std::string("odd"));
      REQUIRE(dynamic_cast<const proxy_exception*>(&e) != nullptr);
      CHECK(dynamic_cast<const proxy_exception*>(&e)->type() == "acme::odd");
    });
  }
}

TEST_CASE("system errors keep their codes") {
  auto report = report_of(std::system_error(ENOENT, std::generic_category(), "opening"));
  report.code = ENOENT;
  report.category = "generic";
  catch_as<std::system_error>(across(report), [&](const std::system_error& e) {
    CHECK(e.code() == std::errc::no_such_file_or_directory);
    CHECK(e.what() == report.what);
  });
  report.known_type = typeid(std::filesystem::filesystem_error).name();
  catch_as<std::filesystem::filesystem_error>(
    across(report), [](const auto& e) { CHECK(e.code() == std::errc::no_such_file_or_directory); });
  report.known_type = typeid(std::ios_base::failure).name();
  catch_as<std::ios_base::failure>(
    across(report), [](const auto& e) { CHECK(e.code() == std::errc::no_such_file_or_directory); });
  report.known_type = typeid(std::future_error).name();
  report.code = static_cast<int>(std::future_errc::no_state);
  report.category = "future";
  catch_as<std::future_error>(
    across(report), [](const auto& e) { CHECK(e.code() == std::future_errc::no_state); });
}

TEST_CASE("Boost's system errors keep their codes, so that they compare equal to Asio's") {
  const auto send = [](const boost::system::error_code& code, auto look) {
    auto report = report_of(boost::system::system_error(code, "reading"));
    report.code = code.value();
    report.category = code.category().name();
    catch_as<boost::system::system_error>(across(report), look);
  };
  send(boost::asio::error::eof, [](const auto& e) { CHECK(e.code() == boost::asio::error::eof); });
  send(boost::asio::error::connection_refused,
    [](const auto& e) { CHECK(e.code() == boost::asio::error::connection_refused); });
  send(boost::asio::error::host_not_found,
    [](const auto& e) { CHECK(e.code() == boost::asio::error::host_not_found); });
  send(boost::asio::error::operation_aborted, [](const auto& e) {
    CHECK(e.code() == boost::asio::error::operation_aborted);
    CHECK(std::string(e.what()).starts_with("reading"));
  });
}

TEST_CASE("a system error of an unknown category keeps its number and the category's name") {
  auto report = report_of(std::system_error(3, std::generic_category()));
  report.code = 77;
  report.category = "acme";
  for (const char* known :
    {typeid(std::system_error).name(), typeid(boost::system::system_error).name()}) {
    report.known_type = known;
    CHECK(across(report));
  }
  report.known_type = typeid(std::system_error).name();
  catch_as<std::system_error>(across(report), [](const std::system_error& e) {
    CHECK(e.code().value() == 77);
    CHECK(e.code().category().name() == std::string("acme"));
  });
}

TEST_CASE("a chain of exceptions can be walked by its proxies and by std::rethrow_if_nested") {
  auto inner = report_of(std::out_of_range("inner"));
  auto outer = report_of(out_of_cheese("outer"));
  outer.nested = std::make_shared<const exception_report>(inner);
  const auto error = across(outer);
  catch_as<proxy_exception>(error, [](const proxy_exception& e) {
    REQUIRE(e.nested());
    CHECK(e.nested()->what() == std::string("inner"));
    CHECK_FALSE(e.nested()->nested());
  });
  catch_as<out_of_cheese>(error, [](const out_of_cheese& e) {
    CHECK(e.what() == std::string("outer"));
    try {
      std::rethrow_if_nested(e);
      FAIL("nothing is nested");
    } catch (const std::out_of_range& nested) {
      CHECK(nested.what() == std::string("inner"));
      CHECK(dynamic_cast<const proxy_exception*>(&nested) != nullptr);
    }
  });
}

TEST_CASE("a chain as long as a child makes it arrives whole; one that goes on is an error") {
  const auto longest = across(*chain_of(limits::max_nested_exceptions));
  catch_as<proxy_exception>(longest, [](const proxy_exception& e) {
    std::size_t length = 1;
    for (auto next = e.nested(); next; next = next->nested())
      ++length;
    CHECK(length == limits::max_nested_exceptions);
  });
  catch_as<decode_error>(across(*chain_of(100)), [](const decode_error&) {});
  catch_as<decode_error>(across(*chain_of(10'000)), [](const decode_error&) {});
}

TEST_CASE("a truncated report is a decode_error") {
  auto report = *chain_of(3);
  report.frames = {{1, 2}, {3, 4}};
  report.category = "generic";
  const auto whole = encoded(report);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> part(whole.begin(), whole.begin() + size);
    CHECK_THROWS_AS(detail::decode_report(part), decode_error);
    catch_as<decode_error>(detail::decode_exception(part), [](const decode_error&) {});
  }
  std::vector<std::byte> longer(whole.begin(), whole.end());
  longer.push_back(std::byte{0});
  CHECK_THROWS_AS(detail::decode_report(longer), decode_error);
}

TEST_CASE("whatever bytes a child sends as its error, the parent has an error") {
  auto report = *chain_of(3);
  report.known_type = typeid(std::filesystem::filesystem_error).name();
  report.frames = {{1, 2}, {3, 4}};
  report.category = "generic";
  const auto whole = encoded(report);
  for_each_seed(3'000, [&](random_source& random) {
    std::vector<std::byte> bytes(whole.begin(), whole.end());
    if (random.one_in(3))
      bytes = random_bytes(random, random.below(200));
    else
      for (auto changes = 1 + random.below(4); changes > 0; --changes)
        random.pick(bytes) = static_cast<std::byte>(random.word());
    is_always_an_error(bytes);
  });
}

TEST_CASE("std::future_error keeps its code") {
  const auto thrown = std::make_exception_ptr(std::future_error(std::future_errc::broken_promise));
  try {
    std::rethrow_exception(across(child::describe_exception(thrown)));
  } catch (const std::future_error& e) {
    CHECK(e.code() == std::future_errc::broken_promise);
  }
}

TEST_CASE("an exception with a codec arrives with all that it has") {
  const auto report =
    child::describe_exception(std::make_exception_ptr(wrong_price("cheese", 300)));
  try {
    std::rethrow_exception(across(report));
    FAIL("nothing was thrown");
  } catch (const wrong_price& e) {
    CHECK(e.item == "cheese");
    CHECK(e.cents == 300);
    CHECK(e.what() == std::string("cheese does not cost 300"));
    CHECK(dynamic_cast<const proxy_exception*>(&e) != nullptr);
  }
}

TEST_CASE("what the codec of an exception throws does not hide the exception") {
  const auto report = child::describe_exception(std::make_exception_ptr(wrong_price("brie", -1)));
  CHECK(report.type.ends_with("wrong_price"));
  CHECK(report.what == "brie does not cost -1 [it cannot be encoded: a price below 0]");
  CHECK_THROWS_AS(std::rethrow_exception(across(report)), remote_error);
}

TEST_CASE("content that a codec cannot read does not hide the exception either") {
  auto report = child::describe_exception(std::make_exception_ptr(wrong_price("cheese", 300)));
  const auto is_told = [&] {
    catch_as<proxy_exception>(
      across(report), [](const proxy_exception& e) { CHECK(e.type().ends_with("wrong_price")); });
    catch_as<remote_error>(across(report), [](const remote_error& e) {
      CHECK_THAT(
        e.what(), Catch::Matchers::StartsWith("cheese does not cost 300 [it cannot be decoded: "));
    });
  };
  report.content.pop_back();
  is_told();
  report.content.resize(report.content.size() + 2);
  is_told();
}

TEST_CASE("the text of a report is read without its content") {
  auto report = child::describe_exception(std::make_exception_ptr(wrong_price("cheese", 300)));
  report.content.resize(100'000);
  const auto bytes = encoded(report);
  const auto text = detail::decode_report_text(detail::view(bytes), 10'000);
  REQUIRE(text);
  CHECK(text->what == "cheese does not cost 300");
  CHECK(text->content.empty());
  CHECK(detail::decode_report_text(detail::view(bytes), 10) == nullptr);
}
