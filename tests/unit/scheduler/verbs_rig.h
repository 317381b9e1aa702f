// A shell on a real store, with people and workers that are strings.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/base/seal.h"
#include "daemon/scheduler/shell.h"
#include "schemas/codec.h"
#include "tests/unit/scheduler/store_rig.h"

namespace dray {

struct Posted {
  SessionId to;
  uint64_t id;
  OutMessage message;
};

struct ShellRig : StoreRig, Outbox {
  Now now{Instant{hours{1}}, kNoon};
  SealingKeyPair keys = generate_sealing_keypair();
  std::vector<Posted> posted;
  std::vector<verbs::Relay> relays;
  std::vector<std::string> backups;
  std::unique_ptr<Shell> shell;
  uint64_t next_id = 1;

  ShellRig() { restart(); }
  void restart() {
    shell.reset();
    if (shell_started) reopen();
    shell_started = true;
    verbs::Surroundings around;
    around.version = "1.2.3";
    around.started_at = kNoon;
    shell = std::make_unique<Shell>(*store, *this, scheduler::CoreOptions{}, around);
    REQUIRE(shell->load(now));
    shell->finish_turn(now);
    posted.clear();
  }

  void send(SessionId to, uint64_t id, const OutMessage& message) override {
    posted.push_back({to, id, message});
  }
  void relay(const scheduler::Asker&, verbs::Relay relay) override {
    relays.push_back(std::move(relay));
  }
  void backup(const scheduler::Asker&, const std::string& to_path) override {
    backups.push_back(to_path);
  }

  template <class Message>
  std::vector<Message> sent() const {
    std::vector<Message> found;
    for (const Posted& one : posted)
      if (const auto* message = std::get_if<Message>(&one.message)) found.push_back(*message);
    return found;
  }

  Response ask(const std::string& verb, const std::string& body = "{}", Role role = Role::ops,
               const std::string& key = "") {
    posted.clear();
    shell->request(Request{verb, body, "ann", key}, {{50}, next_id++, "dray@host"}, role, now);
    shell->finish_turn(now);
    const auto responses = sent<Response>();
    return responses.empty() ? Response{255, "no answer", ""} : responses.front();
  }
  // The answer's body, or "CODE: MESSAGE".
  std::string text(const std::string& verb, const std::string& body = "{}", Role role = Role::ops) {
    const Response response = ask(verb, body, role);
    return response.code == 0
               ? response.body
               : fmt::format("{}: {}", to_string(from_wire_code(response.code)), response.message);
  }

  void worker_says_hello(SessionId session = {7}) {
    Hello hello;
    hello.name = "w1";
    hello.epoch = 3;
    hello.boot_id = "boot";
    hello.slots = 2;
    hello.public_key.assign(keys.public_key.bytes.begin(), keys.public_key.bytes.end());
    shell->handle(scheduler::WorkerHello{session, hello}, now);
    shell->finish_turn(now);
  }
  void add_remote(const std::string& name, const std::string& refers_to = "[]") {
    const Response response = ask(
        "remote.put", fmt::format(R"({{"name":"{}","type":"sftp","refers_to":{},"sealed":"AAEC",)"
                                  R"("sealed_for":"{}"}})",
                                  name, refers_to, fingerprint(keys.public_key)));
    INFO(response.message);
    REQUIRE(response.code == 0);
  }
  void add_job(const std::string& name = "photos", const std::string& destination = "dst:b") {
    const Response response = ask(
        "job.put",
        fmt::format(R"({{"name":"{}","source":"src:a","destination":"{}"}})", name, destination));
    INFO(response.message);
    REQUIRE(response.code == 0);
  }
  void ready() {
    worker_says_hello();
    add_remote("src");
    add_remote("dst");
  }

 private:
  bool shell_started = false;
};

}  // namespace dray
