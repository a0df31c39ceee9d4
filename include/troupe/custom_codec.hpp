#pragma once

#include <troupe/detail/compiler.hpp>

#pragma GCC visibility push(default)

/// How types that troupe does not know become bytes. These are to be specialized in a header that is seen
/// wherever the type is sent or received.
namespace troupe {

class encoder;
class decoder;

/// Makes a type of yours, or of another library, encodable, with two static functions:
///
///     template <>
///     struct troupe::codec<json> {
///       static void encode(troupe::encoder& out, const json& value) { out(value.dump()); }
///       static json decode(troupe::decoder& in) { return json::parse(in.make<std::string>()); }
///     };
///
/// `decode` reads what `encode` has written, no more and no less; `encode` writes at least one byte, unless
/// `T` is an empty class. `T` need not have a default constructor. Both are called on any thread, several
/// at once. What `encode` throws of an argument is thrown by the call that submits the task; everything else
/// that they throw is the error of the task. A codec goes before everything else that troupe knows of the type.
template <class T>
struct codec;

/// True for a container of another library that consists of its elements and of nothing else, and can be read
/// and filled as a standard one: by `begin`, `end`, `size`, `clear`, and `push_back` or `insert`.
///
///     template <class T, std::size_t N>
///     inline constexpr bool troupe::enable_container<boost::container::small_vector<T, N>> = true;
template <class T>
inline constexpr bool enable_container = false;

} // namespace troupe

#pragma GCC visibility pop
