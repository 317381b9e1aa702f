#include "daemon/notifier/live_deflate.h"

#include <algorithm>
#include <array>
#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include "daemon/base/text.h"

namespace dray::notifier {
namespace {

namespace zlib = boost::beast::zlib;
using boost::system::error_code;

constexpr std::string_view kName = "permessage-deflate";
// Ends every flushed block; left out on the wire.
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
constexpr int kLevel = 6;
constexpr int kWindowBits = 15;
constexpr int kMemoryLevel = 8;

std::string_view take_until(std::string_view& rest, char at) {
  const size_t end = std::min(rest.find(at), rest.size());
  const std::string_view part = trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// A smaller window would need a compression of its own for that client.
bool can_serve(std::string_view parameter) {
  const std::string_view name = trim(parameter.substr(0, parameter.find('=')));
  return name == "server_no_context_takeover" || name == "client_no_context_takeover" ||
         name == "client_max_window_bits";
}

}  // namespace

std::optional<std::string> accept_deflate(std::string_view offers) {
  while (!offers.empty()) {
    std::string_view offer = take_until(offers, ',');
    if (take_until(offer, ';') != kName) continue;
    bool good = true;
    while (!offer.empty())
      good = can_serve(take_until(offer, ';')) && good;
    if (good)
      return std::string(kName) + "; server_no_context_takeover; client_no_context_takeover";
  }
  return std::nullopt;
}

struct Deflater::Impl {
  zlib::deflate_stream stream;
};

Deflater::Deflater() = default;
Deflater::~Deflater() = default;

std::string Deflater::deflate(std::string_view text) {
  if (!impl_) impl_ = std::make_unique<Impl>();
  zlib::deflate_stream& stream = impl_->stream;
  stream.reset(kLevel, kWindowBits, kMemoryLevel, zlib::Strategy::normal);
  std::string out(stream.upper_bound(text.size()) + 16, '\0');
  zlib::z_params params;
  params.next_in = text.data();
  params.avail_in = text.size();
  params.next_out = out.data();
  params.avail_out = out.size();
  error_code ec;
  stream.write(params, zlib::Flush::sync, ec);
  DRAY_CHECK(!ec && params.avail_in == 0, "a message does not fit into its own upper bound");
  out.resize(params.total_out);
  DRAY_CHECK(out.ends_with(kTail), "a flushed block has no end");
  out.resize(out.size() - kTail.size());
  return out;
}

Result<std::string> inflate(std::string_view payload, size_t max_bytes) {
  const std::string input = std::string(payload) + std::string(kTail);
  zlib::inflate_stream stream;
  std::string out;
  std::array<char, 4096> chunk;
  zlib::z_params params;
  params.next_in = input.data();
  params.avail_in = input.size();
  while (true) {
    params.next_out = chunk.data();
    params.avail_out = chunk.size();
    error_code ec;
    stream.write(params, zlib::Flush::sync, ec);
    out.append(chunk.data(), chunk.size() - params.avail_out);
    if (out.size() > max_bytes) return fail(ErrorCode::exhausted, "the message is too long");
    if (ec == zlib::error::end_of_stream) return out;
    const bool starved = ec == zlib::error::need_buffers;
    if (ec && !starved) return fail(ErrorCode::invalid, "the message is not compressed data");
    if (params.avail_out > 0) break;
    if (starved) break;
  }
  if (params.avail_in > 0) return fail(ErrorCode::invalid, "the message is not compressed data");
  return out;
}

}  // namespace dray::notifier
