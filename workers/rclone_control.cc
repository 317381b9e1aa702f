#include "workers/rclone_control.h"

#include <crypt.h>
#include <fmt/format.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <map>

#include "daemon/base/random.h"
#include "daemon/base/seal.h"
#include "workers/rclone_command.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

using boost::asio::ip::tcp;

constexpr size_t kSecretBytes = 32;
constexpr size_t kMaxAnswer = 4096;

// One call: connects, asks, reads the beginning of the answer.
struct Call : std::enable_shared_from_this<Call> {
  Call(boost::asio::io_context& context, std::string question_in, std::function<void(bool)> done_in)
      : socket(context), question(std::move(question_in)), done(std::move(done_in)) {}

  void begin(uint16_t port) {
    const tcp::endpoint where(boost::asio::ip::address_v4::loopback(), port);
    socket.async_connect(where, [self = shared_from_this()](boost::system::error_code error) {
      if (error) return self->end(false);
      boost::asio::async_write(
          self->socket, boost::asio::buffer(self->question),
          [self](boost::system::error_code failed, size_t) { self->read(failed); });
    });
  }

  // rclone closes the connection after its answer.
  void read(boost::system::error_code failed) {
    if (failed) return end(false);
    boost::asio::async_read(
        socket, boost::asio::buffer(answer),
        [self = shared_from_this()](boost::system::error_code, size_t size) {
          const std::string_view text(self->answer.data(), size);
          self->end(text.starts_with("HTTP/1.1 200 ") || text.starts_with("HTTP/1.0 200 "));
        });
  }

  void end(bool good) {
    if (auto call = std::exchange(done, {})) call(good);
  }
  void abandon() {
    done = {};
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  tcp::socket socket;
  std::string question;
  std::array<char, kMaxAnswer> answer{};
  std::function<void(bool)> done;
};

// bcrypt at its lowest cost: the password is random, nobody guesses it however cheap a try is.
Result<std::string> password_hash(const std::string& password) {
  constexpr unsigned long kCost = 4;
  const std::string random = random_bytes(16);
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> salt{};
  crypt_data scratch{};
  const bool salted =
      crypt_gensalt_rn("$2y$", kCost, random.data(), static_cast<int>(random.size()), salt.data(),
                       static_cast<int>(salt.size())) != nullptr;
  const char* hash = salted ? crypt_r(password.c_str(), salt.data(), &scratch) : nullptr;
  if (hash == nullptr || hash[0] != '$')
    return fail(ErrorCode::unavailable, "the system's libcrypt does not know bcrypt");
  return std::string(hash);
}

// One rclone that runs.
struct Listener {
  explicit Listener(EventLoop& loop, uint64_t applied_in) : timer(loop), applied(applied_in) {}
  ~Listener() { drop_call(); }
  void drop_call() {
    timer.cancel();
    if (under_way) std::exchange(under_way, {})->abandon();
  }

  Timer timer;  // of the call's answer, or of the next try
  uint64_t applied;
  uint16_t port = 0;  // 0: not known yet
  std::shared_ptr<Call> under_way;
};

}  // namespace

struct RcloneControl::Impl {
  Impl(EventLoop& loop_in, uint64_t limit_in, std::function<void(uint64_t)> in_force_in)
      : loop(loop_in), limit(limit_in), in_force(std::move(in_force_in)) {}

  void settle();
  void call(uint64_t process, Listener& listener);
  void answered(uint64_t process, uint64_t asked, bool good);

  EventLoop& loop;
  std::string path;
  std::string authorization;
  uint64_t limit;
  std::map<uint64_t, Listener> listeners;
  uint64_t last = 0;
  std::function<void(uint64_t)> in_force;
};

RcloneControl::RcloneControl(EventLoop& loop, uint64_t limit,
                             std::function<void(uint64_t)> in_force)
    : impl_(std::make_unique<Impl>(loop, limit, std::move(in_force))) {}
RcloneControl::~RcloneControl() = default;

Status RcloneControl::prepare(const std::string& path) {
  const std::string user = random_hex(8);
  const std::string password = random_token(kSecretBytes);
  DRAY_TRY_ASSIGN(const std::string hash, password_hash(password));
  DRAY_TRY(write_private_file(path, fmt::format("{}:{}\n", user, hash)));
  impl_->path = path;
  impl_->authorization = base64_encode(user + ":" + password);
  return {};
}

std::vector<std::string> RcloneControl::flags() const {
  return {"--rc", "--rc-addr", "127.0.0.1:0", "--rc-htpasswd", impl_->path, "--buffer-size", "0"};
}

uint64_t RcloneControl::limit() const {
  return impl_->limit;
}

void RcloneControl::set_limit(uint64_t bytes_per_second) {
  impl_->limit = bytes_per_second;
  impl_->settle();
}

uint64_t RcloneControl::started() {
  const uint64_t process = ++impl_->last;
  impl_->listeners.try_emplace(process, impl_->loop, impl_->limit);
  return process;
}

void RcloneControl::serving(uint64_t process, uint16_t port) {
  const auto listener = impl_->listeners.find(process);
  if (listener == impl_->listeners.end()) return;
  listener->second.port = port;
  impl_->settle();
}

void RcloneControl::ended(uint64_t process) {
  if (impl_->listeners.erase(process) != 0) impl_->settle();
}

// Brings every process to the limit, by one call at a time for each.
void RcloneControl::Impl::settle() {
  bool all = true;
  for (auto& [process, listener] : listeners) {
    // A call that is under way changes what is applied, whatever it is now.
    if (listener.applied == limit && !listener.under_way) continue;
    all = false;
    if (listener.port != 0 && !listener.under_way && !listener.timer.active())
      call(process, listener);
  }
  if (all) in_force(limit);
}

void RcloneControl::Impl::call(uint64_t process, Listener& listener) {
  const std::string body = fmt::format("{{\"rate\":\"{}\"}}", rclone_rate(limit));
  std::string question = fmt::format(
      "POST /core/bwlimit HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      authorization, body.size(), body);
  // The listener abandons its call before it goes, and goes before this object does.
  const auto answer = [this, process, asked = limit](bool good) { answered(process, asked, good); };
  listener.under_way = std::make_shared<Call>(loop.context(), std::move(question), answer);
  listener.timer.start_once(kAnswerLimit, [answer] { answer(false); });
  listener.under_way->begin(listener.port);
}

void RcloneControl::Impl::answered(uint64_t process, uint64_t asked, bool good) {
  Listener& listener = listeners.at(process);
  listener.drop_call();
  if (good) {
    listener.applied = asked;
    return settle();
  }
  listener.timer.start_once(kRetry, [this] { settle(); });
}

}  // namespace dray::worker
