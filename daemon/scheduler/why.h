// Why a run waits: every reason there is, in words. Pure data; core_why.cc finds them.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/enum_names.h"
#include "schemas/ids.h"
#include "schemas/run_state.h"

namespace dray::scheduler {

enum class WhyCode : uint8_t {
  paused = 1,
  global_cap,
  client_cap,
  job_cap,
  account_cap,
  destination,
  bandwidth,
  no_worker,
  workers_draining,
  no_slot,
  refused,
  retry,
  turn,
  offered,
  on_worker,
  worker_away,
  cancelling,
  approval,
  job_paused,
  client_paused,
  window,
};

}  // namespace dray::scheduler

template <>
struct dray::EnumNames<dray::scheduler::WhyCode> {
  using E = dray::scheduler::WhyCode;
  static constexpr std::string_view kWhat = "reason";
  static constexpr EnumRow<E> kRows[] = {
      {E::paused, "paused"},
      {E::global_cap, "global_cap"},
      {E::client_cap, "client_cap"},
      {E::job_cap, "job_cap"},
      {E::account_cap, "account_cap"},
      {E::destination, "destination"},
      {E::bandwidth, "bandwidth"},
      {E::no_worker, "no_worker"},
      {E::workers_draining, "workers_draining"},
      {E::no_slot, "no_slot"},
      {E::refused, "refused"},
      {E::retry, "retry"},
      {E::turn, "turn"},
      {E::offered, "offered"},
      {E::on_worker, "on_worker"},
      {E::worker_away, "worker_away"},
      {E::cancelling, "cancelling"},
      {E::approval, "approval"},
      {E::job_paused, "job_paused"},
      {E::client_paused, "client_paused"},
      {E::window, "window"},
  };
};

namespace dray::scheduler {

struct WhyReason {
  WhyCode code = WhyCode::turn;
  std::string text;  // one sentence
  RunId run;         // the run in the way, if it is one
};

struct WhyAnswer {
  RunId run;
  RunState state = RunState::queued;
  std::vector<WhyReason> reasons;
};

}  // namespace dray::scheduler
