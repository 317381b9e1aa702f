// Where planted bugs bite in drayd: between the wire, the core and the store. The product knows
// nothing of them.
#pragma once

#include "daemon/scheduler/core.h"
#include "tests/simulator/plan.h"

namespace dray::sim {

// What the core is told of the time.
Now seen_time(Bug bug, Now now);
scheduler::CoreOptions seen_options(Bug bug, scheduler::CoreOptions options);
// Changes what the core is loaded with.
void spoil_snapshot(Bug bug, Snapshot& snapshot);
// Changes an event on its way into the core.
void spoil_event(Bug bug, const scheduler::Core& core, scheduler::Event& event);
// Changes what comes out; false: it is dropped.
bool spoil_action(Bug bug, const scheduler::CoreOptions& told, scheduler::Action& action);

}  // namespace dray::sim
