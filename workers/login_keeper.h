// Brings renewed logins (login_watch.h) home: found in the configuration of every rclone, written
// to disk, and repeated to the scheduler until it has stored them.
//
// What protects a login that is worthless when it is lost:
// * The configuration is looked at every kLookInterval while rclone runs and once more when it has
//   ended, however it ended.
// * A renewal is on disk (SPOOL/logins, one file per remote) before anything else happens, and is
//   sent before the result of the run and before HELLO: who is given the account next is given the
//   new login.
// * Which remotes a configuration holds stands beside it, so that a worker that was killed finds
// the
//   logins in what its runs have left.
// * A remote with a login is used by one rclone at a time: the scheduler starts one run of it, a
// run
//   ends questions about it, and a question about it is refused while a run goes on.
// * A remote that somebody changed meanwhile keeps the change and gets the login, unless the change
//   was a new login.
//
// Thread: that of the loop. Calls block for a small write with fsync, once per renewal.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/event_loop.h"
#include "daemon/base/result.h"
#include "daemon/base/seal.h"
#include "daemon/base/time.h"
#include "schemas/messages.h"
#include "workers/login_watch.h"
#include "workers/rclone_command.h"
#include "workers/rclone_config.h"

namespace dray::worker {

class LoginKeeper {
 public:
  // Sends one message with that id; what cannot be sent now is repeated.
  using Send = std::function<void(const RemoteRefreshed&, uint64_t id)>;

  LoginKeeper(EventLoop& loop, const SealingKeyPair& keys, std::string directory);
  ~LoginKeeper();

  // Reads what an earlier life has not brought home, and looks through the private directories that
  // its runs left below `work_dir`. Files that are damaged are named in `problems` and left alone.
  Status open(const std::string& work_dir, std::vector<std::string>& problems);

  void connect(Send send);
  // The scheduler is there (again): everything is sent, before anything else.
  void send_all();
  void acknowledged(const RemoteRefreshedAck& ack, uint64_t id);

  // Who uses a login. For questions `give_way` is called when a run wants the same account; it ends
  // the rclone and destroys the Use.
  enum class User { run, question };
  class Use {
   public:
    ~Use();  // takes a last look
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    friend class LoginKeeper;
    explicit Use(LoginKeeper& keeper) : keeper_(&keeper) {}
    LoginKeeper* keeper_;
    uint64_t number_ = 0;
  };
  // Before the configuration of an rclone is made: remotes that have been renewed since are
  // replaced. Questions about the same accounts give way to a run. conflict: a run uses the login
  // of one of them now.
  Status prepare(std::vector<SealedRemote>& remotes, User user);
  // The same for one remote that is only read.
  SealedRemote freshen(SealedRemote remote) const;
  // After the configuration is written: from now on it is looked at. Null when there is nothing to
  // look after. `give_way` may be empty for a run.
  Result<std::unique_ptr<Use>> watch(const RunPaths& paths, std::vector<LoginSection> sections,
                                     User user, std::function<void()> give_way);

  // Not yet acknowledged.
  size_t pending() const { return pending_.size(); }

  static constexpr Duration kLookInterval = seconds{5};
  static constexpr Duration kRepeatInterval = seconds{10};
  // Beside rclone.conf: which remotes it holds.
  static constexpr std::string_view kListName = "logins.json";

 private:
  using Key = std::pair<std::string, std::string>;  // client, remote
  struct Watched;
  struct Watching;
  struct Pending {
    Renewal renewal;
    uint64_t id = 0;  // of the message
  };

  void look(const RunPaths& paths, Watched& watched);
  void look_at_all();
  void keep(const SealedRemote& given, const RemoteSettings& login, const std::string& before);
  void put(const Key& key, Renewal renewal);
  void drop(const Key& key);
  void send(Pending& pending);
  void end(uint64_t number);
  Status salvage(const std::string& directory);
  std::string path_of(const Key& key) const;

  EventLoop& loop_;
  const SealingKeyPair& keys_;
  std::string directory_;
  Send send_;
  Timer looking_;
  Timer repeating_;
  std::map<Key, Pending> pending_;
  std::map<uint64_t, std::unique_ptr<Watching>> watching_;
  uint64_t next_ = 1;
};

}  // namespace dray::worker
