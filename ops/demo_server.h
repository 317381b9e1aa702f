// A real server on loopback for the demo: rclone serving a directory, with a password of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ops/child.h"
#include "schemas/job.h"

namespace dray::ops {

enum class DemoProtocol { webdav, sftp };

class DemoServer {
 public:
  // Returns when the server listens. `state_dir` is private and holds its host keys. `stopped`
  // ends the wait. not_found: there is no rclone; io: it ended or said nothing in time.
  static Result<std::unique_ptr<DemoServer>> start(EventLoop& loop, DemoProtocol protocol,
                                                   const std::string& rclone,
                                                   const std::string& root,
                                                   const std::string& state_dir,
                                                   const std::function<bool()>& stopped);
  const std::string& address() const { return address_; }  // "webdav://127.0.0.1:37995"
  // What a remote needs to reach it; the password as rclone wants it.
  RemoteSettings settings() const;
  std::string_view type() const;

 private:
  void read_line(std::string_view line);

  DemoProtocol protocol_ = DemoProtocol::webdav;
  std::string user_;
  std::string password_;
  std::string port_;
  std::string address_;
  std::string last_line_;
  std::string ended_;
  std::unique_ptr<Child> child_;
};

// "127.0.0.1:PORT" at the end of what rclone says when it listens; "" in any other line. Pure.
std::string port_in_line(std::string_view line);

}  // namespace dray::ops
