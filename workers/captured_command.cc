#include "workers/captured_command.h"

#include <algorithm>

namespace dray::worker {

struct CapturedCommand::Impl {
  void keep(std::string& text, std::span<const char> bytes) {
    text.append(bytes.data(), std::min(bytes.size(), max_bytes - text.size()));
  }
  // Something that escaped with the pipes is not waited for.
  void gone() {
    child->close_pipes();
    finish();
  }
  void finish() {
    loop->post([weak = weak_self] {
      const std::shared_ptr<Impl> self = weak.lock();
      if (!self) return;
      // A copy: the call may destroy the command.
      const auto call = self->done;
      call(std::move(self->result));
    });
  }

  EventLoop* loop = nullptr;
  size_t max_bytes = kMaxBytes;
  std::weak_ptr<Impl> weak_self;
  std::function<void(CapturedResult)> done;
  CapturedResult result;
  std::unique_ptr<ChildProcess> child;
};

CapturedCommand::CapturedCommand(EventLoop& loop, ProcessFamily& family, ChildSpec spec,
                                 std::function<void(CapturedResult)> done, size_t max_bytes)
    : impl_(std::make_shared<Impl>()) {
  impl_->loop = &loop;
  impl_->max_bytes = max_bytes;
  impl_->weak_self = impl_;
  impl_->done = std::move(done);
  spec.capture_output = true;
  Impl* self = impl_.get();
  ChildHandlers handlers;
  handlers.on_failed = [self](const Error& error) { self->result.start_error = error; };
  handlers.on_log = [self](std::span<const char> bytes) { self->keep(self->result.log, bytes); };
  handlers.on_output = [self](std::span<const char> bytes) {
    self->keep(self->result.output, bytes);
  };
  handlers.on_exit = [self](const ChildExit& exit) { self->result.exit = exit; };
  handlers.on_gone = [self] { self->gone(); };
  Result<std::unique_ptr<ChildProcess>> child =
      ChildProcess::start(loop, family, std::move(spec), std::move(handlers));
  if (child) {
    impl_->child = std::move(*child);
  } else {
    impl_->result.start_error = std::move(child.error());
    impl_->finish();
  }
}

CapturedCommand::~CapturedCommand() = default;

}  // namespace dray::worker
