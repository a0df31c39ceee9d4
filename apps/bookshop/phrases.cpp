#include "phrases.hpp"

namespace bookshop {

std::span<const std::string_view> adjectives() {
  static constexpr std::string_view words[] = {"Silent", "Crooked", "Half-Forgotten", "Electric",
    "Naïve", "Midnight", "Borrowed", "Façade-Blue", "Unlikely", "Glass", "Last", "Second-Hand",
    "Wandering", "Paper", "Invisible", "Über-Modern", "Salt", "Northern", "Café-Worn", "Clockwork"};
  return words;
}

std::span<const std::string_view> nouns() {
  static constexpr std::string_view words[] = {"Lighthouse", "Orchard", "Letters", "Cartographer",
    "Garden", "Violin", "Kingdom", "Smörgåsbord", "Harbour", "Equation", "Piñata", "Thief",
    "Museum", "Winter", "Fiancée", "Tower", "River", "Machine", "Apprentice", "Crème Brûlée",
    "Archive", "Wolf", "Compass", "Sonata"};
  return words;
}

std::span<const std::string_view> people() {
  static constexpr std::string_view names[] = {"Zoë", "O'Brien", "Søren", "Chloé", "Müller",
    "Łucja", "García Márquez", "D'Artagnan", "Anaïs", "Þórdís", "Nguyễn", "Ştefan",
    "Mr. Smith, Jr.", "İpek", "Dvořák", "Åsa"};
  return names;
}

std::span<const std::string_view> title_patterns() {
  static constexpr std::string_view patterns[] = {
    // What most of a shop looks like.
    "The {a} {n}",
    "{p} and the {a} {n}",
    "The {n} of {p}",
    "A {n} for {p}",
    "{a} {n}: A Novel",
    "{p}'s {a} {n}",
    "The {a} {n} (The {n} Trilogy, #2)",
    // Quotes, commas and what CSV files and spreadsheets trip over.
    "\"{a}\" {n}, and Other Stories",
    "{n}, {n}, and {n}",
    "{p} Said: \"Never Trust a {n}\"",
    "\"\"{a}\"\": The {n}",
    "=SUM({n};{n})",
    "+1 {a} {n}",
    "@{n} | a {a} life",
    "The 'Real' {n}; or, The {a} {n}",
    "C:\\{n}\\{a}, a Hacker's Memoir",
    // Markup, and text that looks like it.
    "{n} & {n}",
    "A < B > C: The {a} {n}",
    "<b>{n}</b> for Beginners",
    "How to Write &amp; When: {p} on HTML",
    "]]> The {a} {n} <!-- a love story -->",
    "100% {a} – {n} for £9.99?",
    // Other languages and scripts.
    "L'été où {p} perdit «{n}»",
    "¿Quién mató a {p}?",
    "Über die Größe der {n}",
    "Zażółć gęślą jaźń: {p}",
    "Příliš žluťoučký kůň a {n}",
    "Мастер и {p}",
    "Преступление, «наказание» & {n}",
    "Ο μεγάλος {n} του {p}",
    "红楼梦：{p}的故事",
    "吾輩は「{n}」である",
    "엄마를 부탁해, {p}",
    "ألف ليلة وليلة: {n}",
    "מסעות {p}",
    "गोदान और {n}",
    "{n} 🚀📚 in Space",
    "Cafe\xCC\x81 {n} (with a combining accent)",
  };
  return patterns;
}

std::span<const std::string_view> sentence_patterns() {
  static constexpr std::string_view patterns[] = {
    "When {p} inherits the {a} {n} from a stranger, nothing in the village stays as it was.",
    "\"I have never read anything like it,\" wrote {p}, \"and I have read everything.\"",
    "Somewhere between the {n} and the {n}, a secret waits that three generations have kept.",
    "Told in letters, recipes & railway timetables, this is a book about {p} -- and about all of "
    "us.",
    "It's a {a} tale of love, loss, and <em>almost</em> correct arithmetic.",
    "From the author of \"The {a} {n}\" comes the story of a {n} that would not be forgotten.",
    "Für {p} beginnt eine Reise, die über die Grenzen der {n} hinausführt.",
    "Dans un café de Montréal, {p} découvre qu'un {n} peut tout changer.",
    "Это история о том, как {p} искал {n}, а нашёл себя.",
    "一封旧信，一座{n}，还有{p}。",
    "Winner of the {a} {n} Prize; shortlisted for 12% of all the others.",
    "What would you give up for a {n}? For {p}, the answer is £0.50 & a promise.",
    "Part memoir, part manual, it asks if x < y can ever be a moral question.",
    "Illustrated throughout, with an index, 24 maps, and an afterword by {p}.",
    "The {n} burned for nine days; on the tenth, {p} came home.",
    "Critics called it “{a}”, ‘{a}’ and — once — “unreadable”.",
  };
  return patterns;
}

} // namespace bookshop
