// A library that refers to a function which nobody has. That does no harm as long as it is not called.
void function_that_is_not_there();

void call_what_is_not_there() {
  function_that_is_not_there();
}
