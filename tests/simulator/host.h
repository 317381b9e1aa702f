// A machine. While it is paused (suspended, its virtual machine stopped) nothing on it happens, and
// all of it right afterwards; its clocks go on. Frames for it wait in the network.
#pragma once

#include <functional>

#include "tests/simulator/timeline.h"

namespace dray::sim {

class Host {
 public:
  explicit Host(Timeline& timeline) : timeline_(timeline) {}
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  bool paused() const { return timeline_.now() < paused_until_; }
  void pause(Instant until) { paused_until_ = until; }
  Instant paused_until() const { return paused_until_; }

  void at(Instant when, std::function<void()> what) {
    timeline_.at(when, [this, what = std::move(what)] {
      if (paused()) {
        at(paused_until_, what);
      } else {
        what();
      }
    });
  }
  void after(Duration wait, std::function<void()> what) {
    at(timeline_.now() + wait, std::move(what));
  }

 private:
  Timeline& timeline_;
  Instant paused_until_{};
};

}  // namespace dray::sim
