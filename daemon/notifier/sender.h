// Carries messages out: mail and HTTP through libcurl, on the one helper thread of the notifier,
// because looking up names and TLS block. Calls go in through a queue; what became of each comes
// back on the loop's thread.
//
// Every connection is checked by the AddressGuard at the moment it is opened. Redirects are not
// followed, proxies of the environment not used, connections not shared between calls.
//
// Owner: Notifications. All members are called on the loop's thread. The loop must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/base/seal.h"
#include "daemon/base/time.h"
#include "daemon/notifier/address_guard.h"
#include "daemon/notifier/delivery_policy.h"

namespace dray::notify {

enum class MailSecurity : uint8_t { none, starttls, tls };

struct MailCall {
  std::string host;
  uint16_t port = 0;
  MailSecurity security = MailSecurity::starttls;
  std::string hello;  // how we call ourselves
  std::string user;   // "": no login
  SecretString password;
  std::string from;
  std::string to;
  std::string message;  // of compose()
};

struct WebCall {
  SecretString url;                  // some are secrets themselves
  std::vector<std::string> headers;  // "Name: value"
  SecretString authorization;        // value of that header; empty: none
  std::string body;
};

struct Call {
  uint64_t id = 0;  // comes back with the result
  std::variant<MailCall, WebCall> what;
  Duration timeout =
      seconds{60};        // for each answer of the other side; for all of it three times that
  std::string authority;  // certificate in PEM form; "": those of the system
};

class Sender {
 public:
  using Done = std::function<void(uint64_t id, Attempt)>;

  Sender(EventLoop& loop, AddressGuard guard, Done done);
  // What is under way is broken off, and nothing more is reported.
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void submit(Call call);
  size_t in_flight() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray::notify
