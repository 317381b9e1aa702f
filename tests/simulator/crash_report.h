// A crash names the seed that it happened with, whichever way the program ends.
#pragma once

#include <cstdint>

#include "tests/simulator/plan.h"

namespace dray::sim {

// From now on this seed is simulated.
void name_at_crash(uint64_t seed, Bug bug);

}  // namespace dray::sim
