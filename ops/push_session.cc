#include "ops/push_session.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "broker/bus.h"
#include "daemon/base/quote.h"
#include "daemon/base/random.h"

namespace dray::ops {
namespace {

// Of the numbers that are the caller's own; never 0, which means no id.
uint64_t random_id() {
  return random_u64() % (Bus::kFirstAskId - 1) + 1;
}

}  // namespace

Result<FileToSend> FileToSend::open(const std::string& path) {
  FileToSend file;
  file.path = path;
  file.fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.fd) return fail_errno(errno, path);
  struct stat about {};
  if (fstat(file.fd.get(), &about) != 0) return fail_errno(errno, path);
  if (!S_ISREG(about.st_mode))
    return fail(ErrorCode::invalid, "{}: is not a regular file", quoted(path, 200));
  file.size = static_cast<uint64_t>(about.st_size);
  return file;
}

PushSession::PushSession(Backend& below, FileToSend file, RunId run, std::string ticket)
    : below_(below),
      file_(std::move(file)),
      run_(run),
      ticket_(std::move(ticket)),
      id_(random_id()),
      sender_(run, file_.size, below.now().mono) {}

News PushSession::wait(Duration up_to) {
  const Instant until = below_.now().mono + up_to;
  while (true) {
    const Duration at_most = failure_ ? up_to : pump();
    const Instant now = below_.now().mono;
    const Duration left = std::max(until - now, Duration::zero());
    News news = below_.wait(std::min(left, at_most));
    const bool ours = take(news);
    const bool over = below_.now().mono >= until;
    if (!ours && (news.kind != News::Kind::nothing || over)) return news;
    if (over) return {};
  }
}

bool PushSession::take(const News& news) {
  const Instant now = below_.now().mono;
  switch (news.kind) {
    case News::Kind::upload:
      sender_.on_state(news.upload, now);
      return true;
    case News::Kind::upload_refused:
      sender_.on_refused(now);
      return true;
    case News::Kind::link_back:
      sender_.on_link_back(now);
      return false;
    default:
      return false;
  }
}

Duration PushSession::pump() {
  while (true) {
    const UploadSender::Next next = sender_.next(below_.now().mono);
    if (next.kind == UploadSender::Next::Kind::wait) return next.wait;
    if (next.kind == UploadSender::Next::Kind::refused) {
      failure_ = Error{ErrorCode::denied, sender_.refusal()};
      return UploadSender::kAskLast;
    }
    UploadChunk chunk;
    chunk.token = next.token;
    chunk.ticket = ticket_;
    chunk.offset = next.offset;
    chunk.last = next.last;
    if (const Status filled = fill(chunk, next.bytes); !filled) {
      failure_ = filled.error();
      abort();
      return UploadSender::kAskLast;
    }
    below_.send_chunk(chunk, id_);
  }
}

Status PushSession::fill(UploadChunk& chunk, size_t bytes) {
  chunk.data.resize(bytes);
  for (size_t done = 0; done < bytes;) {
    const ssize_t got = pread(file_.fd.get(), chunk.data.data() + done, bytes - done,
                              static_cast<off_t>(chunk.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, file_.path);
    if (got == 0)
      return fail(ErrorCode::conflict, "{}: became shorter while it was sent",
                  quoted(file_.path, 200));
    done += static_cast<size_t>(got);
  }
  // Repetitions were counted the first time.
  if (chunk.offset <= digested_ && chunk.offset + bytes > digested_) {
    const size_t known = digested_ - chunk.offset;
    digest_.update(std::span(chunk.data).subspan(known));
    digested_ = chunk.offset + bytes;
  }
  return {};
}

void PushSession::abort() {
  UploadChunk chunk;
  chunk.token = Token{run_, 0, 0};
  chunk.ticket = ticket_;
  chunk.abort = true;
  below_.send_chunk(chunk, id_);
}

std::string PushSession::sha256() {
  return digested_ == file_.size ? digest_.finish_hex() : std::string();
}

}  // namespace dray::ops
