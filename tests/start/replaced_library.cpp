// A library in two versions, in which the same function lies elsewhere.
#ifdef SECOND_VERSION
extern "C" int minus_ten_thousand(int x) {
  volatile int result = x;
  for (int i = 0; i < 7; ++i)
    result = result + i * x;
  return result - 10'000;
}
#endif

extern "C" int twice(int x) {
  return 2 * x;
}

extern "C" int thrice(int x) {
  return 3 * x;
}
