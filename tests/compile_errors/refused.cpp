// Each line with "refused:" must not compile, for the reason that stands behind it. Read by check-refused.sh.
#include <troupe/call.hpp>
#include <troupe/codec.hpp>

#include <complex>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace {

template <class T>
void send(troupe::encoder& encode, const T& value) {
  encode(value);
}

template <class T>
void send() {
  static_cast<void>(static_cast<void (*)(troupe::encoder&, const T&)>(&send<T>));
}

// -- classes that look like something that they are not -----------------------------------------------------

// A JSON value: its elements are of its own type.
class json {
public:
  using value_type = json;
  json* begin();
  json* end();
  const json* begin() const;
  const json* end() const;
  std::size_t size() const;
  void clear();
};

struct named_list : std::vector<int> {
  std::string name;
};

// Its scale would be lost.
template <int>
class histogram_of {
public:
  using value_type = int;
  std::vector<int>::const_iterator begin() const { return counts_.begin(); }
  std::vector<int>::const_iterator end() const { return counts_.end(); }
  std::size_t size() const { return counts_.size(); }
  void clear() { counts_.clear(); }
  void push_back(int count) { counts_.push_back(count); }

private:
  std::vector<int> counts_;
  double scale_ = 1;
};

using histogram = histogram_of<1>;

class window : public std::vector<double> {
public:
  std::size_t capacity_ = 0;
};

// -- pointers -------------------------------------------------------------------------------------------------

struct shape {
  virtual ~shape() = default;
  virtual double area() const { return 0; }
};

struct document {
  virtual ~document() = default;
};

struct node {
  long* raw;
};

struct close_file {
  void operator()(int* file) const { delete file; }
};

// -- containers whose order has a value --------------------------------------------------------------------

struct modulo {
  int by = 7;
  bool operator()(int a, int b) const { return a % by < b % by; }
};

struct seeded_hash {
  std::size_t seed = 3;
  std::size_t operator()(int x) const { return static_cast<std::size_t>(x) ^ seed; }
};

// -- aggregates -------------------------------------------------------------------------------------------------

struct packet {
  int kind;
  char text[16];
};

struct pairs {
  std::string name;
  std::pair<int, int> both[2];
};

struct base {
  int id = 0;
};

struct derived : base {
  int more = 0;
};

struct with_view {
  std::wstring_view text;
};

class hidden {
public:
  hidden() = default;

private:
  int value_ = 0;
};

// It could be sent as an aggregate, but that is not what its codec is there for.
struct money {
  long cents = 0;
};

class account {
public:
  explicit account(long cents)
    : cents_(cents) {}
  long cents() const { return cents_; }

private:
  long cents_;
};

account open_account() {
  return account(0);
}

union either {
  int number;
  float fraction;
};

struct widget {
  int run(int x) const { return x; }
  int factor = 2;
};

struct multiplier {
  int by = 3;
  int operator()(int x) const { return by * x; }
};

int with_default(int x, int y = 3) {
  return x + y;
}
void take_byte(unsigned char) {}
void take_flag(bool) {}
void take_int(int) {}

} // namespace

template <>
struct troupe::codec<money> {
  static void encode(troupe::encoder& out, const money& value) { out(value.cents); }
  static void decode(troupe::decoder& in, money& value) { in(value.cents); }
};

template <>
struct troupe::codec<account> {
  void encode(troupe::encoder& out, const account& value) { out(value.cents()); }
  account decode(troupe::decoder& in) { return account(in.make<long>()); }
};

int main() {
  const std::function<int(int)> negate = std::negate<int>();
  send<json>();                                     // refused: looks like a container
  send<named_list>();                               // refused: looks like a container
  send<histogram>();                                // refused: looks like a container
  send<window>();                                   // refused: looks like a container
  send<std::vector<histogram_of<2>>>();             // refused: looks like a container
  send<std::unique_ptr<shape>>();                   // refused: a class with virtual functions
  send<std::shared_ptr<const shape>>();             // refused: a class with virtual functions
  send<std::optional<std::unique_ptr<document>>>(); // refused: a class with virtual functions
  send<std::unique_ptr<int[]>>();                   // refused: a pointer to an array
  send<std::shared_ptr<double[]>>();                // refused: a pointer to an array
  send<std::shared_ptr<void>>();                    // refused: cannot encode this type
  send<std::weak_ptr<int>>();                       // refused: cannot encode this type
  send<std::unique_ptr<int, close_file>>();         // refused: cannot encode this type
  send<int*>();                                     // refused: cannot send a pointer
  send<node>();                                     // refused: cannot send a pointer
  send<std::set<int, modulo>>();                    // refused: whose comparison or hash has a value
  send<std::map<int, int, bool (*)(int, int)>>();   // refused: whose comparison or hash has a value
  send<std::unordered_set<int, seeded_hash>>();     // refused: whose comparison or hash has a value
  send<packet>();                                   // refused: an aggregate with a C array
  send<std::vector<pairs>>();                       // refused: an aggregate with a C array
  send<derived>();                                  // refused: an aggregate with a base class
  send<std::string_view>();                         // refused: cannot send a view
  send<std::span<const int>>();                     // refused: cannot send a view
  send<with_view>();                                // refused: cannot send a view
#ifndef __clang__                                   // which has no such class before 16
  send<std::source_location>();                     // refused by g++: cannot encode this type
#endif
  send<std::reference_wrapper<int>>(); // refused: cannot send a view
  send<std::initializer_list<int>>();  // refused: cannot send a view
  send<money>();                       // refused: the troupe::codec<T> of this type cannot be used
  send<account>();                     // refused: the troupe::codec<T> of this type cannot be used
  troupe::call(open_account);          // refused: the troupe::codec<T> of the result
  send<hidden>();                      // refused: cannot encode this type
  send<either>();                      // refused: cannot encode this type
  send<std::function<void()>>();       // refused: cannot encode this type
  troupe::call(take_byte, 300);        // refused: may not fit into the function's parameter
  troupe::call(take_flag, "yes");      // refused: may not fit into the function's parameter
  troupe::call(take_int, 3L);          // refused: may not fit into the function's parameter
  troupe::call(with_default, 1);       // refused: a default argument is not known
  troupe::call(&widget::run, widget{}, 1); // refused: a pointer to a member function
  troupe::call(negate, 1);                 // refused: cannot send a std::function
  troupe::call(std::bind(take_int, 1));    // refused: what std::bind returns
  troupe::call(multiplier{}, 1);           // refused: an object with members
}
