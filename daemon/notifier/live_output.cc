#include "daemon/notifier/live_output.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/write.hpp>
#include <cerrno>

namespace dray::notifier {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

iovec vector_of(const std::string& bytes, size_t offset) {
  return {const_cast<char*>(bytes.data()) + offset, bytes.size() - offset};  // NOLINT: only read
}

// EAGAIN: 0. nullopt: the connection is gone.
std::optional<size_t> send_some(int fd, const iovec* vectors, size_t count) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(vectors);  // NOLINT: only read
  message.msg_iovlen = count;
  while (true) {
    const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    if (errno != EINTR) return std::nullopt;
  }
}

}  // namespace

size_t LiveOutput::write(const std::vector<LiveLog::Piece>& pieces) {
  if (failed_ || busy_ || (waiting() == 0 && pieces.empty())) return 0;
  return stream_.is_tls() ? write_tls(pieces) : write_plain(pieces);
}

size_t LiveOutput::write_plain(const std::vector<LiveLog::Piece>& pieces) {
  std::array<iovec, kMaxPieces> vectors;
  size_t count = 0;
  size_t bytes = 0;
  for (size_t i = begun_; i < waiting_.size() && count < kMaxPieces; ++i)
    bytes += (vectors[count++] = vector_of(*waiting_[i], i == begun_ ? offset_ : 0)).iov_len;
  for (size_t i = 0; i < pieces.size() && count < kMaxPieces; ++i)
    bytes += (vectors[count++] = vector_of(**pieces[i].bytes, 0)).iov_len;
  const int fd = stream_.lowest().socket().native_handle();
  const std::optional<size_t> sent = send_some(fd, vectors.data(), count);
  if (!sent) {
    failed_ = true;
    return 0;
  }
  bytes_written_ += *sent;
  stream_.count_written(bytes, *sent);
  const size_t taken = settle(*sent, pieces);
  if (*sent < bytes) wait_for_room();
  return taken;
}

// Of a piece that went out in part, the rest waits.
size_t LiveOutput::settle(size_t bytes, const std::vector<LiveLog::Piece>& pieces) {
  while (begun_ < waiting_.size() && bytes >= waiting_[begun_]->size() - offset_) {
    bytes -= waiting_[begun_]->size() - offset_;
    offset_ = 0;
    waiting_[begun_++].reset();
  }
  if (begun_ < waiting_.size()) {
    offset_ += bytes;
    return 0;
  }
  waiting_.clear();
  begun_ = 0;
  size_t taken = 0;
  while (taken < pieces.size() && bytes >= (*pieces[taken].bytes)->size())
    bytes -= (*pieces[taken++].bytes)->size();
  if (bytes == 0) return taken;
  waiting_.push_back(*pieces[taken].bytes);
  offset_ = bytes;
  return taken + 1;
}

size_t LiveOutput::write_tls(const std::vector<LiveLog::Piece>& pieces) {
  tls_.clear();
  for (size_t i = begun_; i < waiting_.size(); ++i)
    tls_ += *waiting_[i];
  for (const LiveLog::Piece& piece : pieces)
    tls_ += **piece.bytes;
  waiting_.clear();
  begun_ = 0;
  busy_ = true;
  asio::async_write(stream_, asio::buffer(tls_), [this](const error_code& ec, size_t bytes) {
    bytes_written_ += bytes;
    tls_.clear();
    tls_.shrink_to_fit();
    done(ec);
  });
  return pieces.size();
}

void LiveOutput::wait_for_room() {
  busy_ = true;
  stream_.lowest().socket().async_wait(asio::ip::tcp::socket::wait_write,
                                       [this](const error_code& ec) { done(ec); });
}

void LiveOutput::done(const error_code& ec) {
  busy_ = false;
  failed_ = failed_ || ec.failed();
  again_();
}

}  // namespace dray::notifier
