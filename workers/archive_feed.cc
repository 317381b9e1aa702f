#include "workers/archive_feed.h"

#include <chrono>
#include <utility>

#include "workers/http_source.h"
#include "workers/local_source.h"
#include "workers/object_server.h"
#include "workers/object_times.h"
#include "workers/object_window.h"

namespace dray::worker {
namespace {

ArchiveItem to_item(const RemoteEntry& entry) {
  const auto mtime =
      std::chrono::duration_cast<std::chrono::nanoseconds>(entry.mtime.time_since_epoch());
  return {entry.path, entry.size, mtime.count(), entry.is_dir};
}

}  // namespace

struct ArchiveFeed::Impl : std::enable_shared_from_this<Impl> {
  Impl(AttemptState& state_in, Handlers handlers_in)
      : state(state_in), handlers(std::move(handlers_in)) {}

  std::string path(std::string_view name) const {
    return fmt::format("{}/archive.{}", state.paths.directory, name);
  }
  template <class Call>
  auto on_loop(Call call);

  void open_window();
  void rest_wanted(uint64_t files);
  void serve_rest(const std::string& list);
  void serve(const std::string& list,
             std::function<void(Result<std::unique_ptr<ArchiveSource>>)> done);
  void fail_with(const Error& error) { handlers.failed(start_failure(error)); }

  AttemptState& state;
  const Handlers handlers;
  const WindowRule* rule = nullptr;  // null: no window
  WindowSize window_size;
  std::optional<ItemWriter> items;  // all, or what goes through the window
  std::optional<ItemWriter> rest;
  uint64_t small_files = 0;  // that go through the window
  uint64_t rest_files = 0;
  Status written;

  WindowSource* source = nullptr;  // the packer's, which lives as long as this is used
  std::unique_ptr<ObjectWindow> window;
  std::unique_ptr<ObjectTimes> times;  // of the rest
  std::unique_ptr<ObjectServer> server;
  bool times_run = false;
  bool server_runs = false;
  bool closed = false;
};

// A call from the packer's thread, carried out on the loop unless this is gone by then.
template <class Call>
auto ArchiveFeed::Impl::on_loop(Call call) {
  return [&loop = state.context.loop, weak = weak_from_this(), call](const auto&... values) {
    loop.post([weak, call, values...] {
      const std::shared_ptr<Impl> self = weak.lock();
      if (self && !self->closed) call(values...);
    });
  };
}

// ── Opening ─────────────────────────────────────────────────────────────────────────────────────

void ArchiveFeed::Impl::open_window() {
  Result<ItemReader> small = ItemReader::open(path("list"));
  if (!small) return handlers.opened(std::unexpected(small.error()));
  window = std::make_unique<ObjectWindow>(
      state, *rule, window_size, std::move(*small), small_files,
      ObjectWindow::Handlers{.ready = [this](WindowBatch batch) { source->add(std::move(batch)); },
                             .no_more = [this] { source->no_more(); },
                             .failed = [this](const Error& error) { fail_with(error); },
                             .idle = [this] { handlers.idle(); }});
  auto made = std::make_unique<WindowSource>(
      std::move(*rest), rest_files,
      WindowSource::Handlers{
          .batch_done =
              on_loop([this](size_t files, size_t came) { window->batch_done(files, came); }),
          .rest_wanted = on_loop([this](uint64_t files) { rest_wanted(files); })});
  source = made.get();
  handlers.opened(std::move(made));
  window->begin();
}

void ArchiveFeed::Impl::serve(const std::string& list,
                              std::function<void(Result<std::unique_ptr<ArchiveSource>>)> done) {
  server = std::make_unique<ObjectServer>(
      state, state.config.source,
      [this, list, done](const ObjectServerAddress& address) {
        if (closed) return;
        Result<ItemReader> reader = ItemReader::open(list);
        if (!reader) return done(std::unexpected(reader.error()));
        HttpSourceOptions options;
        options.port = address.port;
        options.authorization = address.authorization;
        options.connections = state.policy.archive.fetchers;
        done(std::make_unique<HttpSource>(std::move(options), std::move(*reader)));
      },
      [this](StepEnd end) {
        server_runs = false;
        if (!closed) handlers.failed(std::move(end));
        handlers.idle();
      });
  server_runs = true;
  server->begin();
}

// ── The rest of a window ────────────────────────────────────────────────────────────────────────

void ArchiveFeed::Impl::rest_wanted(uint64_t files) {
  if (files == 0) return source->provide_rest(nullptr);
  if (!rule->times_cost) return serve_rest(path("rest"));
  times = std::make_unique<ObjectTimes>(state, path("rest"), path("rest-timed"),
                                        [this](const Status& asked) {
                                          times_run = false;
                                          if (!closed && !asked) fail_with(asked.error());
                                          if (!closed && asked) serve_rest(path("rest-timed"));
                                          handlers.idle();
                                        });
  times_run = true;
  times->begin();
}

void ArchiveFeed::Impl::serve_rest(const std::string& list) {
  serve(list, [this](auto made) { source->provide_rest(std::move(made)); });
}

// ── The owner's side ────────────────────────────────────────────────────────────────────────────

ArchiveFeed::ArchiveFeed(AttemptState& state, Handlers handlers)
    : impl_(std::make_shared<Impl>(state, std::move(handlers))) {}
ArchiveFeed::~ArchiveFeed() = default;

Status ArchiveFeed::begin(ListingWanted& wanted) {
  Impl& i = *impl_;
  DRAY_TRY_ASSIGN(i.items, ItemWriter::create(i.path("list")));
  i.rule = window_rule(i.state.config.source_type);
  if (i.rule == nullptr) return {};
  const std::optional<WindowSize> size = worker::window_size(i.state, *i.rule);
  if (!size) {
    i.rule = nullptr;
    return {};
  }
  i.window_size = *size;
  wanted.server_mtimes = i.rule->times_cost;
  DRAY_TRY_ASSIGN(i.rest, ItemWriter::create(i.path("rest")));
  return {};
}

void ArchiveFeed::add(const RemoteEntry& entry) {
  Impl& i = *impl_;
  if (!i.written) return;
  const ArchiveItem item = to_item(entry);
  const bool to_rest = i.rule != nullptr && !fits_window(item);
  if (!item.is_dir) ++(to_rest ? i.rest_files : i.small_files);
  i.written = (to_rest ? *i.rest : *i.items).add(item);
}

Status ArchiveFeed::finish() {
  DRAY_TRY(impl_->written);
  return impl_->items->finish();
}

void ArchiveFeed::open() {
  Impl& i = *impl_;
  if (i.rule != nullptr) return i.open_window();
  if (i.state.config.source_local.empty()) return i.serve(i.path("list"), i.handlers.opened);
  Result<ItemReader> items = ItemReader::open(i.path("list"));
  if (!items) return i.handlers.opened(std::unexpected(items.error()));
  i.handlers.opened(open_local_source(i.state.config.source_local, std::move(*items)));
}

void ArchiveFeed::close(StopReason reason) {
  const std::shared_ptr<Impl> i = impl_;
  i->closed = true;
  if (i->window) i->window->stop(reason);
  if (i->times_run) i->times->stop(reason);
  if (i->server_runs) i->server->stop(reason);
}

bool ArchiveFeed::busy() const {
  return impl_->times_run || impl_->server_runs || (impl_->window && impl_->window->busy());
}

void ArchiveFeed::extend(Instant kill_at) {
  if (impl_->window) impl_->window->extend(kill_at);
  if (impl_->times_run) impl_->times->extend(kill_at);
  if (impl_->server_runs) impl_->server->extend(kill_at);
}

}  // namespace dray::worker
