#include "books/app_settings.hpp"

#include "support/catch.hpp"

using books::read_app_settings;

TEST_CASE("without settings the program scrapes a shop of its own") {
  const auto settings = read_app_settings({});
  CHECK(settings.url == "embedded");
  CHECK(settings.output == "books.csv");
  CHECK(settings.pages == 50);
}

TEST_CASE("settings of the configuration file are used") {
  const auto settings = read_app_settings({{"url", {std::string("http://shop:8000/"), ""}},
    {"output", {std::string("out.csv"), ""}}, {"pages", {std::int64_t{3}, ""}}});
  CHECK(settings.url == "http://shop:8000/");
  CHECK(settings.output == "out.csv");
  CHECK(settings.pages == 3);
}

TEST_CASE("each wrong setting is told with its place, key and problem") {
  CHECK_THROWS_WITH(read_app_settings({{"url", {std::int64_t{1}, "b.toml:1:7"}},
                      {"pages", {std::int64_t{0}, "b.toml:2:9"}}, {"pgaes", {true, "b.toml:3:9"}},
                      {"output", {std::string(), "b.toml:4:9"}}}),
    Catch::Equals("b.toml:4:9: app.books.output: must be a file name, as a string\n"
                  "b.toml:2:9: app.books.pages: must be a whole number from 1 to 100000\n"
                  "b.toml:3:9: app.books.pgaes: unknown key; there are url, output and pages\n"
                  "b.toml:1:7: app.books.url: must be a string"));
  CHECK_THROWS_WITH(read_app_settings({{"url", {std::string("ftp://shop"), "b.toml:1:7"}}}),
    Catch::Equals("b.toml:1:7: app.books.url: ftp://shop: not an http:// URL"));
}
