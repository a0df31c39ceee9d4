#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>

#include <bit>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#pragma GCC visibility push(default)

// The bodies of codec.hpp, which includes this.
namespace troupe {

namespace detail {

// Calls an inspect function, of either form of CAF's.
template <class Inspector, class T>
void run_inspect(Inspector f, T& value);

// Whether no value of T takes any bytes: std::monostate, std::array<T, 0>, and what consists of such.
template <class T>
constexpr bool takes_no_bytes();

template <class T, template <std::size_t, class> class Element, std::size_t... I>
constexpr bool elements_take_no_bytes(std::index_sequence<I...>) {
  return (takes_no_bytes<std::remove_cv_t<Element<I, T>>>() && ...);
}

template <class T>
constexpr bool takes_no_bytes() {
  if constexpr (std::is_empty_v<T>)
    return true;
  else if constexpr (has_codec<T>)
    return false;
  else if constexpr (is_std_array_v<T>)
    return std::tuple_size_v<T> == 0 || takes_no_bytes<typename T::value_type>();
  else if constexpr (tuple_value<T>)
    return elements_take_no_bytes<T, std::tuple_element_t>(
      std::make_index_sequence<std::tuple_size_v<T>>());
  else if constexpr (by_fields<T>)
    return elements_take_no_bytes<T, boost::pfr::tuple_element_t>(
      std::make_index_sequence<boost::pfr::tuple_size_v<T>>());
  else
    return false;
}

// A lower bound on the bytes of one encoded T; 0 for types that take none.
template <class T>
constexpr std::size_t min_encoded_size() {
  if constexpr (has_codec<T>)
    return std::is_empty_v<T> ? 0 : 1;
  else if constexpr (bitwise<T> || std::same_as<T, bool>)
    return sizeof(T);
  else if constexpr (duration_or_time_point<T>)
    return sizeof(T);
  else if constexpr (range_value<T>)
    return sizeof(std::uint32_t);
  else
    return takes_no_bytes<T>() ? 0 : 1;
}

// Why a type cannot cross, and what to do.
template <class T>
constexpr void check_encodable() {
  static_assert(!has_wrong_codec<T>,
    "the troupe::codec<T> of this type cannot be used: it must have the public functions `static "
    "void encode(troupe::encoder&, const T&)` and `static T decode(troupe::decoder&)`");
  if constexpr (!has_codec<T> && !inspectable<T>) {
    static_assert(!std::is_pointer_v<T>,
      "troupe cannot send a pointer, which means nothing in another process: send the value");
    static_assert(!view_type<T>,
      "troupe cannot send a view, such as std::string_view or std::span: what it refers to "
      "stays behind. Send what owns it, such as std::string or std::vector");
    static_assert(!is_pointer_to_array_v<T>,
      "troupe cannot send a pointer to an array, whose size it does not have: send a "
      "std::vector");
    if constexpr (owning_pointer<T>)
      static_assert(!may_slice<typename T::element_type>,
        "troupe cannot send a pointer to a class with virtual functions: an object of a "
        "derived class would arrive as its base. Send a std::variant of the classes, "
        "specialize troupe::codec for the pointer, or make the class final");
    static_assert(!has_stateful_order_v<T>,
      "troupe cannot send a container whose comparison or hash has a value, which would not "
      "arrive: give it a type without members for that, or specialize troupe::codec");
    if constexpr (container_like<T> && !has_stateful_order_v<T>)
      static_assert(known_value<T>,
        "troupe cannot send this class: it looks like a container, but may have more in it "
        "than its elements. Set troupe::enable_container for it if it has not, else specialize "
        "troupe::codec");
  }
  static_assert(encodable<T>,
    "troupe cannot encode this type: make it an aggregate, specialize troupe::codec for it, or "
    "give it a CAF inspect() function");
  if constexpr (by_fields<T>) {
    static_assert(!has_base<T>,
      "troupe cannot encode an aggregate with a base class: make the base a member, specialize "
      "troupe::codec, or give it a CAF inspect() function");
    if constexpr (!has_base<T>) {
      constexpr auto fields = boost::pfr::tuple_size_v<T>;
      static_assert(!has_array_among<T, fields>(std::make_index_sequence<fields>{}),
        "troupe cannot encode an aggregate with a C array: make it a std::array, specialize "
        "troupe::codec, or give it a CAF inspect() function");
    }
  }
}

template <class T>
void encode_by_codec(encoder& out, const bytes& written, const T& value) {
  const auto before = written.size();
  codec<T>::encode(out, value);
  if (!std::is_empty_v<T> && written.size() == before)
    throw encode_error("a troupe::codec has written nothing");
}

template <bitset_value T>
void encode_bits(encoder& out, const T& value) {
  for (std::size_t i = 0; i < value.size(); i += 8) {
    unsigned char byte = 0;
    for (std::size_t bit = 0; bit < 8 && i + bit < value.size(); ++bit)
      byte = static_cast<unsigned char>(byte | (value[i + bit] ? 1u : 0u) << bit);
    out(byte);
  }
}

template <bitset_value T>
void decode_bits(decoder& in, T& value) {
  for (std::size_t i = 0; i < value.size(); i += 8) {
    const auto byte = in.make<unsigned char>();
    for (std::size_t bit = 0; bit < 8 && i + bit < value.size(); ++bit)
      value[i + bit] = (byte >> bit & 1u) != 0;
  }
}

struct codec_access {
  static bytes& out(encoder& to) noexcept { return to.out_; }
  static const std::byte* take(decoder& from, std::size_t size) { return from.take(size); }
};

template <class T>
void encode_range(encoder& out, const T& value) {
  out.count(value.size());
  using element = typename T::value_type;
  if constexpr (std::ranges::contiguous_range<const T> && bitwise<element>) {
    if (value.size() > 0)
      out.raw(std::ranges::data(value), value.size() * sizeof(element));
  } else {
    for (const auto& item : value)
      out(static_cast<const element&>(item));
  }
}

// Reads elements that lie anywhere in memory, each once.
template <class T>
struct stored_elements {
  using iterator_category = std::random_access_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = const T*;
  using reference = T;

  T operator*() const noexcept {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }
  stored_elements& operator++() noexcept { return *this += 1; }
  stored_elements& operator--() noexcept { return *this += -1; }
  stored_elements operator++(int) noexcept {
    const auto before = *this;
    *this += 1;
    return before;
  }
  stored_elements& operator+=(difference_type n) noexcept {
    at += n * static_cast<difference_type>(sizeof(T));
    return *this;
  }
  friend stored_elements operator+(stored_elements a, difference_type n) noexcept { return a += n; }
  friend difference_type operator-(stored_elements a, stored_elements b) noexcept {
    return (a.at - b.at) / static_cast<difference_type>(sizeof(T));
  }
  friend bool operator==(stored_elements a, stored_elements b) noexcept = default;

  const std::byte* at;
};

// Asks for large pages for memory that is about to be filled, if there is much of it.
void expect_filling(void* memory, std::size_t size) noexcept;

// A string or a vector, into which elements are copied without zeroing its memory before.
template <class T>
concept assigned_at_once =
  (is_specialization_v<T, std::vector> ||
    is_specialization_v<T, std::basic_string>)&&bitwise<typename T::value_type>;

template <assigned_at_once T>
void decode_elements(decoder& in, T& value, std::size_t n) {
  using element = typename T::value_type;
  const std::byte* const from = codec_access::take(in, n * sizeof(element));
  value.reserve(n);
  expect_filling(value.data(), n * sizeof(element));
  if constexpr (sizeof(element) == 1) {
    const auto* const first = reinterpret_cast<const element*>(from);
    value.assign(first, first + n);
  } else {
    const stored_elements<element> first{from};
    value.assign(first, first + static_cast<std::ptrdiff_t>(n));
  }
}

template <class T>
void decode_range(decoder& in, T& value) {
  using element = typename T::value_type;
  const std::size_t n = in.count(min_encoded_size<element>());
  value.clear();
  if constexpr (assigned_at_once<T>) {
    decode_elements(in, value, n);
  } else if constexpr (std::ranges::contiguous_range<T> && bitwise<element> &&
                       requires { value.resize(n); }) {
    value.resize(n);
    if (n > 0)
      in.raw(std::ranges::data(value), n * sizeof(element));
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      if constexpr (is_specialization_v<element, std::pair>) {
        auto key = in.make<std::remove_const_t<typename element::first_type>>();
        auto mapped = in.make<typename element::second_type>();
        value.insert(value.end(), element(std::move(key), std::move(mapped)));
      } else if constexpr (requires(element e) { value.push_back(std::move(e)); }) {
        value.push_back(in.make<element>());
      } else {
        value.insert(value.end(), in.make<element>());
      }
    }
  }
}

template <class Variant, std::size_t... I>
void decode_variant(decoder& in, Variant& value, std::size_t index, std::index_sequence<I...>) {
  const bool found =
    ((index == I &&
       (value.template emplace<I>(in.make<std::variant_alternative_t<I, Variant>>()), true)) ||
      ...);
  if (!found)
    throw_decode_error("variant index out of range");
}

void encode_error_code(encoder& out, const std::error_code& value);
std::error_code decode_error_code(decoder& in);

} // namespace detail

template <class T>
void encoder::operator()(const T& value) {
  using namespace detail;
  check_encodable<T>();
  if constexpr (has_codec<T>) {
    const auto level = enter();
    encode_by_codec(*this, out_, value);
  } else if constexpr (bitwise<T> || date_part<T>) {
    small<sizeof value>(&value);
  } else if constexpr (std::is_enum_v<T>) { // of bool
    (*this)(static_cast<bool>(value));
  } else if constexpr (std::same_as<T, bool>) {
    const unsigned char byte = value ? 1 : 0;
    small<1>(&byte);
  } else if constexpr (std::same_as<T, std::monostate>) {
  } else if constexpr (is_specialization_v<T, std::chrono::duration>) {
    (*this)(value.count());
  } else if constexpr (is_specialization_v<T, std::chrono::time_point>) {
    (*this)(value.time_since_epoch().count());
  } else if constexpr (path_value<T>) {
    encode_range(*this, value.native());
  } else if constexpr (std::same_as<T, std::error_code>) {
    encode_error_code(*this, value);
  } else if constexpr (padded_date<T>) {
    (*this)(value.year());
    (*this)(value.month());
    (*this)(value.weekday_indexed());
  } else if constexpr (complex_number<T>) {
    (*this)(value.real());
    (*this)(value.imag());
  } else if constexpr (bitset_value<T>) {
    encode_bits(*this, value);
  } else if constexpr (is_specialization_v<T, std::optional> || pointer_to_value<T>) {
    const auto level = enter();
    (*this)(static_cast<bool>(value));
    if (value)
      (*this)(*value);
  } else if constexpr (is_specialization_v<T, std::variant>) {
    const auto level = enter();
    if (value.valueless_by_exception())
      throw encode_error("a std::variant is valueless");
    count(value.index());
    std::visit([this](const auto& alternative) { (*this)(alternative); }, value);
  } else if constexpr (tuple_value<T>) {
    std::apply([this](const auto&... fields) { ((*this)(fields), ...); }, value);
  } else if constexpr (is_std_array_v<T>) {
    for (const auto& item : value)
      (*this)(item);
  } else if constexpr (std::same_as<T, std::vector<bool>>) {
    count(value.size());
    for (bool bit : value)
      (*this)(bit);
  } else if constexpr (inspectable<T>) {
    const auto level = enter();
    run_inspect(
      encode_inspector(*this), const_cast<T&>(value)); // CAF's interface is not const-correct
  } else if constexpr (range_value<T>) {
    const auto level = enter();
    encode_range(*this, value);
  } else if constexpr (by_fields<T>) {
    const auto level = enter();
    boost::pfr::for_each_field(
      value, [this]<class F>(const F& field) { (*this)(static_cast<const F&>(field)); });
  }
}

template <class T>
void decoder::operator()(T& value) {
  using namespace detail;
  check_encodable<T>();
  if constexpr (has_codec<T>) {
    value = make<T>();
  } else if constexpr (bitwise<T> || date_part<T>) {
    small<sizeof value>(&value);
  } else if constexpr (std::is_enum_v<T>) { // of bool
    value = static_cast<T>(make<bool>());
  } else if constexpr (std::same_as<T, bool>) {
    unsigned char byte = 0;
    small<1>(&byte);
    if (byte > 1)
      throw_decode_error("a bool is neither 0 nor 1");
    value = byte != 0;
  } else if constexpr (std::same_as<T, std::monostate>) {
  } else if constexpr (is_specialization_v<T, std::chrono::duration>) {
    value = T(make<typename T::rep>());
  } else if constexpr (is_specialization_v<T, std::chrono::time_point>) {
    value = T(typename T::duration(make<typename T::rep>()));
  } else if constexpr (path_value<T>) {
    value = make<typename T::string_type>();
  } else if constexpr (std::same_as<T, std::error_code>) {
    value = decode_error_code(*this);
  } else if constexpr (padded_date<T>) {
    const auto year = make<decltype(value.year())>();
    const auto month = make<decltype(value.month())>();
    value = T(year, month, make<decltype(value.weekday_indexed())>());
  } else if constexpr (complex_number<T>) {
    const auto real = make<typename T::value_type>();
    value = T(real, make<typename T::value_type>());
  } else if constexpr (bitset_value<T>) {
    decode_bits(*this, value);
  } else if constexpr (is_specialization_v<T, std::optional>) {
    const auto level = enter();
    value.reset();
    if (make<bool>())
      value.emplace(make<typename T::value_type>());
  } else if constexpr (pointer_to_value<T>) {
    const auto level = enter();
    value.reset();
    if (make<bool>())
      value.reset(new std::remove_const_t<typename T::element_type>(
        make<std::remove_const_t<typename T::element_type>>()));
  } else if constexpr (is_specialization_v<T, std::variant>) {
    const auto level = enter();
    const auto index = make<std::uint32_t>();
    decode_variant(*this, value, index, std::make_index_sequence<std::variant_size_v<T>>{});
  } else if constexpr (tuple_value<T>) {
    std::apply([this](auto&... fields) { ((*this)(fields), ...); }, value);
  } else if constexpr (is_std_array_v<T>) {
    for (auto& item : value)
      (*this)(item);
  } else if constexpr (std::same_as<T, std::vector<bool>>) {
    const std::size_t n = count(1);
    value.clear();
    for (std::size_t i = 0; i < n; ++i)
      value.push_back(make<bool>());
  } else if constexpr (inspectable<T>) {
    const auto level = enter();
    run_inspect(decode_inspector(*this), value);
  } else if constexpr (range_value<T>) {
    const auto level = enter();
    decode_range(*this, value);
  } else if constexpr (by_fields<T>) {
    const auto level = enter();
    boost::pfr::for_each_field(value, [this](auto& field) { (*this)(field); });
  }
}

template <class T>
T decoder::make() {
  // Fields in order: braces evaluate left to right.
  if constexpr (detail::has_codec<T>) {
    const auto level = enter();
    return codec<T>::decode(*this);
  } else if constexpr (detail::date_part<T>) { // some of which have no default constructor
    std::array<std::byte, sizeof(T)> bytes;
    small<sizeof(T)>(bytes.data());
    return std::bit_cast<T>(bytes);
  } else if constexpr (detail::tuple_value<T> && !detail::filled_in_place<T>) {
    return [this]<std::size_t... I>(std::index_sequence<I...>) {
      return T{make<std::remove_cv_t<std::tuple_element_t<I, T>>>()...};
    }
    (std::make_index_sequence<std::tuple_size_v<T>>{});
  } else if constexpr (detail::by_fields<T> && !detail::filled_in_place<T>) {
    detail::check_encodable<T>();
    const auto level = enter();
    return [this]<std::size_t... I>(std::index_sequence<I...>) {
      return T{make<std::remove_cv_t<boost::pfr::tuple_element_t<I, T>>>()...};
    }
    (std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
  } else {
    static_assert(std::is_default_constructible_v<T>,
      "troupe decodes into a default-constructed object: give this type a default constructor");
    T value{};
    (*this)(value);
    return value;
  }
}

} // namespace troupe

#pragma GCC visibility pop

#include <troupe/detail/inspectors_impl.hpp>
