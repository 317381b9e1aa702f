// A short command whose output is wanted: rclone version, a listing. Bounded in time (the guard
// kills it) and in memory (what is more is dropped).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "workers/child_process.h"

namespace dray::worker {

struct CapturedResult {
  std::optional<Error> start_error;  // then nothing below is set
  ChildExit exit;                    // by_deadline: it took too long
  std::string output;
  std::string log;  // standard error
};

class CapturedCommand {
 public:
  static constexpr size_t kMaxBytes = 1 << 20;

  // `done` is called once, from the loop, never within this call; it may destroy the command.
  // `max_bytes`: of output, and of log.
  CapturedCommand(EventLoop& loop, ProcessFamily& family, ChildSpec spec,
                  std::function<void(CapturedResult)> done, size_t max_bytes = kMaxBytes);
  ~CapturedCommand();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dray::worker
