// Identities that do not convert into each other. All are given out by drayd, start at 1 and are
// never used twice; 0 means "none".
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>

#include "daemon/base/result.h"

namespace dray {

template <class Tag>
struct Id {
  uint64_t value = 0;
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using ClientId = Id<struct ClientTag>;
using RemoteId = Id<struct RemoteTag>;
using JobId = Id<struct JobTag>;
using RunId = Id<struct RunTag>;
// A connected peer, named by the broker for as long as its connection lives.
using SessionId = Id<struct SessionTag>;

// The fencing token. It is part of every message about an attempt; a message whose token is not the
// current one changes nothing and is answered STALE.
struct Token {
  RunId run;
  uint32_t attempt = 0;
  uint64_t worker_epoch = 0;  // rises with every start of that worker, kept on its disk

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("attempt", self.attempt);
    visit("worker_epoch", self.worker_epoch);
  }
  friend auto operator<=>(const Token&, const Token&) = default;
};

}  // namespace dray

template <class Tag>
struct std::hash<dray::Id<Tag>> {
  size_t operator()(dray::Id<Tag> id) const noexcept { return std::hash<uint64_t>{}(id.value); }
};

template <>
struct std::hash<dray::Token> {
  size_t operator()(const dray::Token& t) const noexcept {
    return std::hash<uint64_t>{}(t.run.value * 0x9E3779B97F4A7C15ull +
                                 t.attempt * 0x100000001B3ull + t.worker_epoch);
  }
};

// Neither uses fmt's own formatters, which would be compiled wherever an id is printed.
template <class Tag>
struct fmt::formatter<dray::Id<Tag>> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(dray::Id<Tag> id, Context& context) const {
    const fmt::format_int text(id.value);
    return std::copy_n(text.data(), text.size(), context.out());
  }
};

template <>
struct fmt::formatter<dray::Token> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const dray::Token& t, Context& context) const {
    const std::string text = fmt::format("{}.{}@{}", t.run.value, t.attempt, t.worker_epoch);
    return std::copy(text.begin(), text.end(), context.out());
  }
};
