#include "books/http_url.hpp"

#include "support/catch.hpp"

TEST_CASE("a URL has a host, a port and a target") {
  const auto plain = books::parse_http_url("http://shop.example");
  CHECK(plain.host == "shop.example");
  CHECK(plain.port == "80");
  CHECK(plain.target == "/");
  const auto full = books::parse_http_url("http://[::1]:8080/a/b?c=d#e");
  CHECK(full.host == "::1");
  CHECK(full.port == "8080");
  CHECK(full.authority == "[::1]:8080");
  CHECK(full.target == "/a/b?c=d");
  CHECK(books::parse_http_url("http://h?q").target == "/?q");
}

TEST_CASE("a URL that a request cannot be made of is refused") {
  for (const auto* url : {"", "shop", "https://shop/", "http://", "http://:80/", "http://shop:/",
         "http://shop:x/", "http://shop:123456/", "http://me@shop/", "http://shop/a b",
         "http://shop/\r\nHost: x", "http://shop/ü"}) {
    CAPTURE(url);
    CHECK_THROWS_AS(books::parse_http_url(url), std::invalid_argument);
  }
}
