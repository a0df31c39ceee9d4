#pragma once

// What accounts are told, as CAF 0.17 has it.
#include <troupe/message_type.hpp>

#include <caf/all.hpp>

struct deposit {
  int amount = 0;
};
// Asks the account to pass some of its money on.
struct transfer {
  int amount = 0;
  caf::actor to;
};
struct get_balance {};
struct get_process {};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, deposit& x) {
  return f(caf::meta::type_name("deposit"), x.amount);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, transfer& x) {
  return f(caf::meta::type_name("transfer"), x.amount, x.to);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_balance&) {
  return f(caf::meta::type_name("get_balance"));
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_process&) {
  return f(caf::meta::type_name("get_process"));
}

// What a message between processes consists of must be known in all of them.
TROUPE_MESSAGE_TYPE(deposit);
TROUPE_MESSAGE_TYPE(transfer);
TROUPE_MESSAGE_TYPE(get_balance);
TROUPE_MESSAGE_TYPE(get_process);
