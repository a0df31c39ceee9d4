// Calls a function that nobody has.
extern "C" void a_function_that_nobody_has();

extern "C" __attribute__((visibility("default"))) void call_it() {
  a_function_that_nobody_has();
}
