// A shop of 1000 books on the loopback interface, to be scraped.
#include "server.hpp"

#include <CLI/CLI.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <iostream>
#include <map>

namespace {

void say_where(std::uint16_t port) {
  std::cout << "listening on http://127.0.0.1:" << port << "/" << std::endl;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("A shop of 1000 books on 127.0.0.1, to be scraped", "bookshop");
  bookshop::server_options options;
  unsigned latency_ms = 0;
  app.add_option("--port", options.port, "TCP port; 0: any free one");
  app.add_option("--latency", latency_ms, "Added to each request, for example 50ms")
    ->transform(CLI::AsNumberWithUnit(std::map<std::string, unsigned>{{"ms", 1}, {"s", 1000}},
      CLI::AsNumberWithUnit::UNIT_REQUIRED));
  try {
    app.parse(argc, argv);
    options.latency = std::chrono::milliseconds(latency_ms);
    bookshop::serve_until_signal(options, say_where);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const boost::system::system_error& e) {
    std::cerr << "bookshop: port " << options.port << ": " << e.code().message() << '\n';
    return 1;
  } catch (const std::exception& e) {
    std::cerr << "bookshop: " << e.what() << '\n';
    return 1;
  }
}
