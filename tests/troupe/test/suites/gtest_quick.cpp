// Two thousand cases that do next to nothing, or as many as QUICK_CASES says, in suites of 100.
// apps/bench/quick-cases.sh runs them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

class quick : public ::testing::Test {
public:
  explicit quick(int number)
    : number_(number) {}

private:
  void TestBody() override { EXPECT_GE(number_, 0); }
  int number_;
};

} // namespace

int main(int argc, char** argv) {
  const char* wanted = std::getenv("QUICK_CASES");
  const int cases = wanted == nullptr ? 2000 : std::atoi(wanted);
  for (int i = 0; i < cases; ++i)
    ::testing::RegisterTest(("Suite" + std::to_string(i / 100)).c_str(),
      ("Case" + std::to_string(i)).c_str(), nullptr, nullptr, __FILE__, __LINE__,
      [i]() -> quick* { return new quick(i); });
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
