// Owner of one file descriptor: closes it exactly once. Move-only; not thread-safe.
#pragma once

#include <utility>

namespace dray {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Gives the descriptor away: the caller closes it.
  int release() { return std::exchange(fd_, -1); }
  // Closes what is held and takes `fd`. errno is left as it was.
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

}  // namespace dray
