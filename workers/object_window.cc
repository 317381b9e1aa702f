#include "workers/object_window.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <list>

#include "daemon/base/files.h"
#include "workers/archive_run.h"
#include "workers/listing_parser.h"
#include "workers/run_directory.h"

namespace dray::worker {
namespace {

constexpr WindowRule kRules[] = {
    {.type = "s3",
     .processes = 2,  // one fetches while the other starts
     .times_cost = true,
     .asks_for_files_only = true,
     .flag = "--s3-no-head-object"},
    {.type = "webdav", .processes = 4},
};

// One is read, and one waits for it.
constexpr uint32_t kBatchesAhead = 2;
constexpr uint64_t kMaxBatchBytes = 16 << 20;
// With less, starting processes takes longer than fetching.
constexpr uint64_t kMinBatchBytes = 2 << 20;
constexpr uint64_t kMinBatchFiles = 100;
constexpr uint64_t kMaxBatchFiles = 1000;
// Of a process, so that all end at about the same time.
constexpr uint64_t kTurns = 4;
// Others live in that memory too.
constexpr uint64_t kShareOfFree = 4;
// The last file of a batch may go beyond its size; more is a source that lies.
constexpr uint64_t kMostOfBatch = 2;
// What a file takes there beside its bytes, rounded up.
constexpr uint64_t kPage = 4096;

std::string_view folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return path.substr(0, slash == std::string_view::npos ? 0 : slash);
}

bool lies_in_memory(const std::string& directory) {
  struct statfs info {};
  if (statfs(directory.c_str(), &info) != 0) return false;
  return info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC;
}

}  // namespace

const WindowRule* window_rule(std::string_view type) {
  const auto row = std::ranges::find(kRules, type, &WindowRule::type);
  return row == std::end(kRules) ? nullptr : row;
}

std::optional<WindowSize> window_size(const AttemptState& state, const WindowRule& rule) {
  const std::string& directory = state.paths.directory;
  if (!lies_in_memory(directory)) return std::nullopt;
  const uint32_t fetchers = state.policy.archive.fetchers;
  // Each process would take the whole of a limit.
  const bool limited = state.control || state.spec.bandwidth_bytes_per_second > 0;
  WindowSize size;
  size.processes = limited ? 1 : std::clamp(fetchers, 1U, rule.processes);
  size.transfers = std::max(fetchers / size.processes, 1U);
  size.batches = size.processes + kBatchesAhead;
  const Result<uint64_t> free = free_bytes(directory);
  if (!free) return std::nullopt;
  size.batch_bytes = std::min(*free / kShareOfFree / size.batches, kMaxBatchBytes);
  if (size.batch_bytes < kMinBatchBytes) return std::nullopt;
  return size;
}

bool fits_window(const ArchiveItem& item) {
  return item.is_dir || (item.size <= ObjectWindow::kMaxObject && fits_path_list(item.path));
}

struct ObjectWindow::Impl : std::enable_shared_from_this<Impl> {
  Impl(AttemptState& state_in, const WindowRule& rule_in, WindowSize size_in, ItemReader items_in,
       uint64_t files, Handlers handlers_in)
      : state(state_in),
        rule(rule_in),
        size(size_in),
        items(std::move(items_in)),
        handlers(std::move(handlers_in)),
        batch_files(std::clamp(files / kTurns / size.processes, kMinBatchFiles, kMaxBatchFiles)) {}

  struct Copy {
    WindowBatch batch;
    std::unique_ptr<ProcessRunner> runner;
    bool ended = false;
  };

  void fill();
  Status start_next();
  Status gather(WindowBatch& batch, std::string& list);
  ProcessPlan plan(const std::string& directory, const std::string& list, bool files_only) const;
  void ended(Copy& copy, const ProcessEnd& how);
  size_t running() const {
    return static_cast<size_t>(std::ranges::count(copies, false, &Copy::ended));
  }

  AttemptState& state;
  const WindowRule& rule;
  const WindowSize size;
  ItemReader items;
  const Handlers handlers;
  const uint64_t batch_files;
  std::list<Copy> copies;
  std::optional<ArchiveItem> next;  // read, but in no batch yet
  std::string last_folder;          // of the batch before
  uint64_t numbers = 0;
  size_t there = 0;        // batches that are fetched, wait or are read
  bool exhausted = false;  // no item is left
  bool told = false;       // no_more was
  bool hopeless = false;   // a batch came back empty: the way of single objects tells why
  bool stopped = false;
};

// Items as far as they fit; its files' paths to `list`.
Status ObjectWindow::Impl::gather(WindowBatch& batch, std::string& list) {
  uint64_t bytes = 0;
  uint64_t files = 0;
  while (files < batch_files && bytes < size.batch_bytes) {
    if (!next) {
      ArchiveItem item;
      DRAY_TRY_ASSIGN(const bool more, items.next(item));
      exhausted = !more;
      if (exhausted) return {};
      next = std::move(item);
    }
    // A folder that would be cut in two begins the next batch: it would have to be listed twice.
    const bool elsewhere =
        !batch.items.empty() && folder_of(next->path) != folder_of(batch.items.back().path);
    if (elsewhere && (files > batch_files / 2 || bytes > size.batch_bytes / 2)) return {};
    if (!next->is_dir) {
      list += next->path + "\n";
      bytes += (next->size + kPage - 1) / kPage * kPage;
      ++files;
    }
    batch.items.push_back(std::move(*next));
    next.reset();
  }
  return {};
}

ProcessPlan ObjectWindow::Impl::plan(const std::string& directory, const std::string& list,
                                     bool files_only) const {
  std::vector<std::string> flags{
      "--files-from-raw", list, "--transfers", std::to_string(size.transfers), "--checkers",
      std::to_string(size.transfers), "--no-check-dest",
      // However small the listing said they are.
      "--max-transfer", fmt::format("{}B", kMostOfBatch * size.batch_bytes)};
  if (files_only) flags.emplace_back("--no-traverse");
  if (!rule.flag.empty()) flags.emplace_back(rule.flag);
  ProcessPlan made =
      archive_process(state, "fetch", "copy", {state.config.source, directory}, std::move(flags));
  made.verb = RcloneVerb::copy;
  made.stall = Duration{};  // the upload that waits for it is watched
  return made;
}

Status ObjectWindow::Impl::start_next() {
  WindowBatch batch;
  std::string paths;
  const std::string base = fmt::format("{}/window-{}", state.paths.directory, numbers++);
  batch.directory = base;
  DRAY_TRY(gather(batch, paths));
  if (batch.items.empty()) return {};
  if (mkdir(base.c_str(), 0700) != 0) return fail_errno(errno, "make a window");
  ++there;
  const std::string first = std::string(folder_of(batch.items.front().path));
  const bool continues = std::exchange(last_folder, folder_of(batch.items.back().path)) == first;
  if (paths.empty() || hopeless) {
    handlers.ready(std::move(batch));
    return {};
  }
  const std::string list = base + ".list";
  DRAY_TRY(write_private_file(list, paths));
  Copy& copy = copies.emplace_back();
  copy.batch = std::move(batch);
  copy.runner = std::make_unique<ProcessRunner>(
      state, plan(base, list, rule.asks_for_files_only || continues),
      [this, &copy](const ProcessEnd& how) { ended(copy, how); });
  copy.runner->begin();
  return {};
}

// What it could not fetch is not there, which is all that has to be known.
void ObjectWindow::Impl::ended(Copy& copy, const ProcessEnd&) {
  copy.ended = true;
  [[maybe_unused]] const Status removed = remove_tree(copy.batch.directory + ".list");
  if (!stopped) handlers.ready(std::move(copy.batch));
  // Its runner is on the stack.
  state.context.loop.post([weak = weak_from_this()] {
    const std::shared_ptr<Impl> self = weak.lock();
    if (!self) return;
    self->copies.remove_if([](const Copy& c) { return c.ended; });
    self->fill();
    if (self->copies.empty()) self->handlers.idle();
  });
}

void ObjectWindow::Impl::fill() {
  while (!stopped && !exhausted && running() < size.processes && there < size.batches) {
    if (const Status started = start_next(); !started) {
      stopped = true;
      return handlers.failed(started.error());
    }
  }
  if (exhausted && running() == 0 && !std::exchange(told, true)) handlers.no_more();
}

ObjectWindow::ObjectWindow(AttemptState& state, const WindowRule& rule, WindowSize size,
                           ItemReader items, uint64_t files, Handlers handlers)
    : impl_(std::make_shared<Impl>(state, rule, size, std::move(items), files,
                                   std::move(handlers))) {}
ObjectWindow::~ObjectWindow() = default;

void ObjectWindow::begin() {
  impl_->fill();
}

void ObjectWindow::batch_done(size_t files, size_t came) {
  --impl_->there;
  if (files > 0 && came == 0) impl_->hopeless = true;
  impl_->fill();
}

bool ObjectWindow::busy() const {
  return impl_->running() > 0;
}

void ObjectWindow::extend(Instant kill_at) {
  for (Impl::Copy& copy : impl_->copies)
    if (!copy.ended) copy.runner->extend(kill_at);
}

void ObjectWindow::stop(StopReason reason) {
  impl_->stopped = true;
  const std::shared_ptr<Impl> still = impl_;
  for (Impl::Copy& copy : still->copies)
    if (!copy.ended) copy.runner->stop(reason);
}

}  // namespace dray::worker
