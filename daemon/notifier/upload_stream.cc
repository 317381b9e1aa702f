#include "daemon/notifier/upload_stream.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace dray::notifier {

UploadStream::UploadStream(EventLoop& loop, Clock& clock, Bus& bus,
                           std::shared_ptr<Uploads> uploads, RunId run, std::string ticket)
    : clock_(clock),
      bus_(bus),
      uploads_(std::move(uploads)),
      run_(run),
      ticket_(std::move(ticket)),
      id_(uploads_->add(*this)),
      sender_(run, clock.now().mono),
      timer_(loop),
      moved_(loop.context()) {
  pump();
}

UploadStream::~UploadStream() {
  uploads_->remove(id_);
}

void UploadStream::append(std::string_view bytes) {
  digest_.update(std::span(bytes.data(), bytes.size()));
  pending_ += bytes;
  size_ += bytes.size();
  sender_.grow(size_, false);
  pump();
}

void UploadStream::end() {
  ended_ = true;
  sender_.grow(size_, true);
  pump();
}

void UploadStream::abort() {
  UploadChunk chunk;
  chunk.token = Token{run_, 0, 0};
  chunk.ticket = ticket_;
  chunk.abort = true;
  bus_.send(chunk, id_);
}

void UploadStream::send(const UploadSender::Next& next) {
  UploadChunk chunk;
  chunk.token = next.token;
  chunk.ticket = ticket_;
  chunk.offset = next.offset;
  chunk.last = next.last;
  if (next.bytes > 0) {
    // Another attempt begins at the first byte, which is gone.
    if (next.offset < base_) {
      failure_ =
          Error{ErrorCode::unavailable, "the worker that took the file was lost; hand it in again"};
      return;
    }
    chunk.data = pending_.substr(next.offset - base_, next.bytes);
  }
  said_end_ = said_end_ || next.last;
  bus_.send(chunk, id_);
}

void UploadStream::pump() {
  while (!failure_) {
    const UploadSender::Next next = sender_.next(clock_.now().mono);
    if (next.kind == UploadSender::Next::Kind::wait)
      return timer_.start_once(next.wait, [this] { pump(); });
    if (next.kind == UploadSender::Next::Kind::refused) {
      failure_ = Error{ErrorCode::denied, sender_.refusal()};
      break;
    }
    send(next);
  }
  moved_.cancel();
}

void UploadStream::on_state(const UploadState& state) {
  sender_.on_state(state, clock_.now().mono);
  if (const uint64_t done = sender_.acknowledged(); done > base_) {
    pending_.erase(0, done - base_);
    base_ = done;
  }
  pump();
  moved_.cancel();
}

void UploadStream::on_refused() {
  sender_.on_refused(clock_.now().mono);
  pump();
}

void UploadStream::on_link_back() {
  sender_.on_link_back(clock_.now().mono);
  pump();
}

Task<void> UploadStream::wait(Duration at_most) {
  boost::system::error_code ec;
  moved_.expires_after(at_most);
  co_await moved_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ec));
}

}  // namespace dray::notifier
