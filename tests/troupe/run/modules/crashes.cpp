// Crashes while it is loaded.
extern "C" [[noreturn]] void abort();

namespace {

[[gnu::constructor]] void crash() {
  abort();
}

} // namespace
