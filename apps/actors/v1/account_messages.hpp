#pragma once

// What accounts are told, as CAF 1.x has it.
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
bool inspect(Inspector& f, deposit& x) {
  return f.object(x).fields(f.field("amount", x.amount));
}
template <class Inspector>
bool inspect(Inspector& f, transfer& x) {
  return f.object(x).fields(f.field("amount", x.amount), f.field("to", x.to));
}
template <class Inspector>
bool inspect(Inspector& f, get_balance& x) {
  return f.object(x).fields();
}
template <class Inspector>
bool inspect(Inspector& f, get_process& x) {
  return f.object(x).fields();
}

// What a message between processes consists of must be known in all of them.
CAF_BEGIN_TYPE_ID_BLOCK(accounts, troupe::first_message_type_id)
CAF_ADD_TYPE_ID(accounts, (deposit))
CAF_ADD_TYPE_ID(accounts, (transfer))
CAF_ADD_TYPE_ID(accounts, (get_balance))
CAF_ADD_TYPE_ID(accounts, (get_process))
CAF_END_TYPE_ID_BLOCK(accounts)
TROUPE_MESSAGE_TYPES(accounts);
