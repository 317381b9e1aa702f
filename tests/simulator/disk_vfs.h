// Between SQLite and a simulated disk.
#pragma once

namespace dray::sim {

class Disk;

// SQLite's files are on this disk from now on; nullptr: on none.
void mount(Disk* disk);

}  // namespace dray::sim
