// Runs the function of a plugin for each argument, in children: `plugin_host ./rot13.so hello "agent 007" world`.
// A plugin that crashes loses that argument, and nothing else.
#include <troupe/pool.hpp>

#include <cstdio>
#include <exception>
#include <span>
#include <string>

#include <dlfcn.h>

using transform = std::string (*)(std::string);

int main(int argc, char** argv) {
  troupe::runtime rt{argc, argv};
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() < 2) {
    std::fprintf(stderr, "usage: %s PLUGIN TEXT...\n", arguments.front());
    return 2;
  }
  troupe::pool pool{rt, {.processes = 2}};
  transform function = nullptr;
  try {
    rt.load_module(arguments[1]); // here, and in each child before it runs anything of it
    void* const plugin = ::dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD);
    const auto find = reinterpret_cast<transform (*)()>(::dlsym(plugin, "plugin_transform"));
    if (find == nullptr) {
      std::fprintf(stderr, "%s has no function plugin_transform: is it a plugin?\n", arguments[1]);
      return 2;
    }
    function = find();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
  for (const char* text : arguments.subspan(2)) {
    try {
      std::printf("%s\n", pool.apply(function, text).get().c_str());
    } catch (const std::exception& e) {
      std::printf("%s: %s\n", text, e.what());
    }
  }
}
