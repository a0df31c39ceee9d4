// Has what a module of another version of troupe has.
extern "C" {
__attribute__((visibility("default"))) extern const char troupe_module_abi[] =
  "troupe 0.0.9, modules 0, Boost 107400";
__attribute__((visibility("default"))) void* troupe_module_tasks() {
  return nullptr;
}
}
