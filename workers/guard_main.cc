// dray-guard: started by dray-worker for every run, never by hand. See workers/guard.h.
#include "workers/guard.h"

int main(int argc, char** argv) {
  return dray::guard::run(argc, argv);
}
