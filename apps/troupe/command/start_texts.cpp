#include "command/start_texts.hpp"

#include "text/terminal_text.hpp"

#include <cerrno>
#include <cstring>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

std::string quoted(const std::string& name) {
  return '"' + text::printable(name) + '"';
}

std::string system_text(int number) {
  const char* text = ::strerrordesc_np(number);
  return text ? text : "error " + std::to_string(number);
}

bool exists(const std::string& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0;
}

bool is_directory(const std::string& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// What helps where the system lacks something, whatever was tried.
std::string shortage(int number) {
  switch (number) {
  case EMFILE:
    return "this process has no descriptors left: run fewer at once, or raise `ulimit -n`";
  case ENFILE:
    return "the system has no descriptors left: run fewer at once";
  case EAGAIN:
    return "the system allows no more processes: run fewer at once, or raise `ulimit -u`";
  case ENOMEM:
    return "there is no memory left: run fewer at once";
  case ENOSPC:
    return "the disk is full";
  default:
    return system_text(number);
  }
}

std::string execute_problem(int number, const std::string& file) {
  const auto begin = "cannot run " + quoted(file) + ": ";
  switch (number) {
  case ENOENT:
    return begin + (exists(file) ? "the interpreter that it names does not exist: see its first "
                                   "line, or `file` of it"
                                 : "there is no such file");
  case EACCES:
    if (is_directory(file))
      return begin + "it is a directory";
    return begin + "it may not be executed: `chmod +x` makes it a program, unless its file system "
                   "or a directory above it forbids that";
  case ENOEXEC:
    return begin + "it is neither a program of this machine nor a script that begins with #!";
  case ETXTBSY:
    return begin + "some process has it open for writing";
  case E2BIG:
    return begin + "its arguments and environment are longer than the system takes, " +
           std::to_string(::sysconf(_SC_ARG_MAX)) +
           " bytes in all and 131072 in one: put them into a file";
  default:
    return begin + shortage(number);
  }
}

std::string limit_name(int resource) {
  switch (resource) {
  case RLIMIT_AS:
    return "address space";
  case RLIMIT_NOFILE:
    return "open files";
  case RLIMIT_CPU:
    return "CPU time";
  case RLIMIT_FSIZE:
    return "size of files";
  default:
    return "core files";
  }
}

} // namespace

std::string not_in_path_problem(const std::string& name) {
  return "cannot run " + quoted(name) + ": there is no such program in PATH";
}

std::string zero_byte_problem(const std::string& name) {
  return "cannot run " + quoted(name) + ": an argument contains a zero byte";
}

std::string output_problem(const std::string& file, int number) {
  return "cannot write the output to " + quoted(file) + ": " + shortage(number);
}

std::string input_problem(int number) {
  return "cannot open /dev/null for its input: " + shortage(number);
}

std::string fork_problem(int number) {
  return "cannot start a process: " + shortage(number);
}

std::string step_problem(start_step step, int resource, int number, const std::string& file,
  const std::string& directory) {
  switch (step) {
  case start_step::directory:
    return "cannot run in the directory " + quoted(directory) + ": " + system_text(number);
  case start_step::limit:
    return "cannot set the limit of " + limit_name(resource) + ": " + system_text(number) +
           "; it must not be above that of this process";
  case start_step::nice:
    return "cannot set the nice value: " + system_text(number);
  case start_step::cpus:
    return "cannot set the CPUs: " + system_text(number) + "; are there CPUs of these numbers?";
  case start_step::privileges:
    return "cannot forbid new privileges: " + system_text(number);
  case start_step::descriptors:
    return "cannot give the command its stdin and output: " + shortage(number);
  case start_step::execute:
  case start_step::none:
    break;
  }
  return execute_problem(number, file);
}

} // namespace troupe_cli
