// People and programs that start and cancel runs, repeat what is not answered, and believe what
// they are told.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulator/bus_model.h"

namespace dray::sim {

class OperatorNode {
 public:
  explicit OperatorNode(World& world);
  void start();
  void enqueue();
  void cancel();
  void stop_asking() { pending_.clear(); }
  BusModel& bus() { return bus_; }

 private:
  void ask(std::string payload, uint64_t id, const std::string& key);
  void repeat(uint64_t id);
  void on_message(const Envelope& envelope);

  World& world_;
  BusModel bus_;
  std::map<uint64_t, std::string> pending_;  // not answered yet: what is repeated
  std::map<uint64_t, std::string> keys_;     // by question, answered ones too
  std::vector<RunId> known_;
  uint64_t last_id_ = 0;
};

}  // namespace dray::sim
