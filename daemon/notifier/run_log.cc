#include "daemon/notifier/run_log.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/notifier/run_requests.h"
#include "workers/explain.h"

namespace dray::notifier {
namespace {

constexpr uint64_t kMaxPiece = 256 << 10;
constexpr Duration kFollowEvery = seconds{1};

struct LogQuery {
  RunId run;
  uint64_t attempt = 0;  // 0: the last
  uint64_t offset = 0;
  uint64_t max_bytes = 64 << 10;
  std::string format = "json";
  bool follow = false;
};

struct LogPiece {
  RunId run;
  uint64_t attempt = 0;
  uint64_t offset = 0;
  uint64_t next_offset = 0;
  uint64_t total_bytes = 0;
  bool ended = false;
  std::vector<std::string> lines;
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("run", self.run);
    visit("attempt", self.attempt);
    visit("offset", self.offset);
    visit("next_offset", self.next_offset);
    visit("total_bytes", self.total_bytes);
    visit("ended", self.ended);
    visit("lines", self.lines);
  }
};

Result<LogQuery> read_query(const Call& call) {
  LogQuery query;
  DRAY_TRY_ASSIGN(query.run, run_parameter(call));
  DRAY_TRY_ASSIGN(query.attempt, number_parameter(call, "attempt", 0, 1, UINT32_MAX));
  DRAY_TRY_ASSIGN(query.offset, number_parameter(call, "offset", 0, 0, INT64_MAX));
  DRAY_TRY_ASSIGN(query.max_bytes,
                  number_parameter(call, "max_bytes", query.max_bytes, 1, kMaxPiece));
  query.format = call.request.parameter("format").value_or("json");
  if (query.format != "json" && query.format != "text" && query.format != "raw")
    return fail(ErrorCode::invalid, "format: must be json, text or raw");
  query.follow = call.request.parameter("follow") == "true";
  return query;
}

Task<Result<LogChunk>> read_chunk(Call& call, const LogQuery& query) {
  std::string body = fmt::format(R"({{"run":{},"offset":{},"max_bytes":{})", query.run.value,
                                 query.offset, query.max_bytes);
  if (query.attempt > 0) body += fmt::format(R"(,"attempt":{})", query.attempt);
  return call.api.verbs.ask_as<LogChunk>(call.who, "run.log", body + "}");
}

// The last line may be half there: it comes with the next piece.
void cut_half_line(LogChunk& chunk) {
  const size_t end = chunk.data.rfind('\n');
  if (end == std::string::npos || chunk.data.ends_with('\n')) return;
  chunk.next_offset -= chunk.data.size() - (end + 1);
  chunk.data.resize(end + 1);
}

Task<HttpReply> reply_with_piece(Call& call, const LogQuery& query) {
  Result<LogChunk> chunk = co_await read_chunk(call, query);
  if (!chunk) co_return problem(call, chunk.error());
  cut_half_line(*chunk);
  LogRenderer renderer;
  std::string text;
  renderer.feed(std::span(chunk->data.data(), chunk->data.size()), text);
  renderer.finish(text);
  LogPiece piece;
  piece.run = query.run;
  piece.attempt = query.attempt;
  piece.offset = query.offset;
  piece.next_offset = chunk->next_offset;
  piece.total_bytes = chunk->total_bytes;
  piece.ended = chunk->ended;
  for (size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    piece.lines.push_back(text.substr(at, end - at));
  co_return json_reply(to_json(piece));
}

class LogStream {
 public:
  LogStream(Call& call, Exchange& exchange, LogQuery query)
      : call_(call), exchange_(exchange), query_(std::move(query)) {
    query_.max_bytes = kMaxPiece;
  }

  Task<void> run() {
    Result<LogChunk> chunk = co_await read_chunk(call_, query_);
    if (!chunk) {
      co_await exchange_.reply(problem(call_, chunk.error()));
      co_return;
    }
    HttpReply head;
    head.content_type = "text/plain; charset=utf-8";
    bool open = co_await exchange_.begin(std::move(head));
    while (open && chunk) {
      open = co_await pass_on(*chunk);
      const bool moved = chunk->next_offset > query_.offset;
      query_.offset = std::max(query_.offset, chunk->next_offset);
      const bool more = moved && query_.offset < chunk->total_bytes;
      if (!more && (!query_.follow || (chunk->ended && !moved))) break;
      if (!moved) co_await pause();
      if (open) chunk = co_await read_chunk(call_, query_);
    }
    std::string rest;
    renderer_.finish(rest);
    if (open && query_.format == "text") co_await exchange_.write(rest);
    co_await exchange_.finish();
  }

 private:
  Task<bool> pass_on(const LogChunk& chunk) {
    if (query_.format == "raw") co_return co_await exchange_.write(chunk.data);
    std::string text;
    renderer_.feed(std::span(chunk.data.data(), chunk.data.size()), text);
    co_return co_await exchange_.write(text);
  }

  Task<void> pause() {
    boost::asio::steady_timer timer(call_.api.loop.context());
    boost::system::error_code ec;
    timer.expires_after(kFollowEvery);
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ec));
  }

  Call& call_;
  Exchange& exchange_;
  LogQuery query_;
  LogRenderer renderer_;
};

}  // namespace

Task<void> serve_run_log(Call& call, Exchange& exchange) {
  const Result<LogQuery> query = read_query(call);
  if (!query) {
    co_await exchange.reply(problem(call, query.error()));
    co_return;
  }
  if (query->format == "json") {
    HttpReply reply = co_await reply_with_piece(call, *query);
    co_await exchange.reply(std::move(reply));
    co_return;
  }
  LogStream stream(call, exchange, *query);
  co_await stream.run();
}

}  // namespace dray::notifier
