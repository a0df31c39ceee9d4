// without_call NUMBER ERROR FILE ARGUMENTS...: executes FILE with these arguments, the program's name first, in a process in
// which the system call of that number fails with that error, as kernels do that lack it, and filters of containers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 5)
    return 2;
  const auto call = static_cast<std::uint32_t>(std::atoi(argv[1]));
  const auto error = static_cast<std::uint32_t>(std::atoi(argv[2]));
  sock_filter program[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{sizeof program / sizeof *program, program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    return 1;
  ::execv(argv[3], argv + 4);
  return 127;
}
