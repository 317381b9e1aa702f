// The pipes between this process, a guard and its command. All ends are close-on-exec. Any thread.
#pragma once

#include "daemon/base/fd.h"
#include "daemon/base/result.h"

namespace dray::worker {

struct Pipe {
  UniqueFd ours;
  UniqueFd theirs;
};

// `ours` is the end to read from, which never blocks.
Result<Pipe> make_pipe();
// A pair of sockets for packets.
Result<Pipe> make_control();
// `ours` is the end to write to, which blocks. The other end is out of the way of the numbers that
// the guard's descriptors have, as that of make_control() is.
Result<Pipe> make_input();

}  // namespace dray::worker
