#include "workers/object_times.h"

#include <unordered_map>
#include <vector>

#include "daemon/base/files.h"
#include "workers/remote_listing.h"
#include "workers/run_directory.h"

namespace dray::worker {

struct ObjectTimes::Impl {
  Impl(AttemptState& state_in, std::string list_in, std::string timed_in,
       std::function<void(Status)> done_in)
      : state(state_in),
        list(std::move(list_in)),
        timed(std::move(timed_in)),
        done(std::move(done_in)) {}

  Status open();
  Status next_part();
  Status read_part(std::string& paths);
  Status write_part();
  void listed(const ListingEnd& end);
  void go_on(const Status& status) {
    if (!status || over) done(status);
  }
  std::string paths_file() const { return timed + ".paths"; }

  AttemptState& state;
  const std::string list;
  const std::string timed;
  const std::function<void(Status)> done;
  std::optional<ItemReader> reader;
  std::optional<ItemWriter> writer;
  std::vector<ArchiveItem> part;
  std::unordered_map<std::string, int64_t> times;
  std::unique_ptr<RemoteListing> listing;
  std::unique_ptr<RemoteListing> before;  // its `done` is on the stack
  bool stopped = false;
  bool over = false;  // all is written
};

Status ObjectTimes::Impl::open() {
  DRAY_TRY_ASSIGN(reader, ItemReader::open(list));
  DRAY_TRY_ASSIGN(writer, ItemWriter::create(timed));
  return next_part();
}

Status ObjectTimes::Impl::read_part(std::string& paths) {
  part.clear();
  times.clear();
  while (part.size() < kAtOnce) {
    ArchiveItem item;
    DRAY_TRY_ASSIGN(const bool more, reader->next(item));
    if (!more) break;
    if (fits_path_list(item.path)) paths += item.path + "\n";
    part.push_back(std::move(item));
  }
  return {};
}

Status ObjectTimes::Impl::next_part() {
  std::string paths;
  DRAY_TRY(read_part(paths));
  if (part.empty()) {
    over = true;
    return writer->finish();
  }
  DRAY_TRY(remove_tree(paths_file()));
  DRAY_TRY(write_private_file(paths_file(), paths));
  ListingWanted wanted;
  wanted.label = "times";
  wanted.remote = state.config.source;
  wanted.flags = {"--files-from-raw", paths_file(), "--no-traverse"};
  before = std::move(listing);
  listing = std::make_unique<RemoteListing>(
      state, std::move(wanted),
      [this](const RemoteEntry& entry) {
        times[entry.path] =
            std::chrono::duration_cast<std::chrono::nanoseconds>(entry.mtime.time_since_epoch())
                .count();
      },
      [this](const ListingEnd& end) { listed(end); });
  listing->begin();
  return {};
}

void ObjectTimes::Impl::listed(const ListingEnd& end) {
  if (stopped) return done(fail(ErrorCode::conflict, "interrupted"));
  if (!is_good(end.step.outcome))
    state.note("error",
               "Some files get the time of their storing: their own could not be asked for");
  Status status = write_part();
  if (status) status = next_part();
  go_on(status);
}

Status ObjectTimes::Impl::write_part() {
  for (ArchiveItem& item : part) {
    if (const auto told = times.find(item.path); told != times.end()) item.mtime_ns = told->second;
    DRAY_TRY(writer->add(item));
  }
  return {};
}

ObjectTimes::ObjectTimes(AttemptState& state, std::string list, std::string timed,
                         std::function<void(Status)> done)
    : impl_(std::make_unique<Impl>(state, std::move(list), std::move(timed), std::move(done))) {}
ObjectTimes::~ObjectTimes() = default;

void ObjectTimes::begin() {
  impl_->go_on(impl_->open());
}
void ObjectTimes::extend(Instant kill_at) {
  if (impl_->listing) impl_->listing->extend(kill_at);
}
void ObjectTimes::stop(StopReason reason) {
  impl_->stopped = true;
  if (impl_->listing) impl_->listing->stop(reason);
}

}  // namespace dray::worker
