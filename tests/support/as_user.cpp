// as_user ID FILE ARGUMENTS...: executes FILE with these arguments, the program's name first, as the user of that number.
// Started by root.
#include <cstdlib>

#include <grp.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 4)
    return 2;
  const auto id = static_cast<uid_t>(std::atoi(argv[1]));
  if (::setgroups(0, nullptr) != 0 || ::setresgid(id, id, id) != 0 || ::setresuid(id, id, id) != 0)
    return 1;
  ::execv(argv[2], argv + 3);
  return 127;
}
