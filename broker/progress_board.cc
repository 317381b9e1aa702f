#include "broker/progress_board.h"

#include "broker/topics.h"

namespace dray {

void ProgressBoard::apply(const Owners& owners) {
  if (owners.replace) {
    // Pictures of attempts that go on are kept: a restart of drayd changes nothing for a watcher.
    std::unordered_map<RunId, Row> kept;
    for (const OwnerRow& owner : owners.add) {
      const auto it = rows_.find(owner.token.run);
      if (it != rows_.end() && it->second.owner.token == owner.token)
        kept.emplace(owner.token.run, std::move(it->second));
    }
    rows_ = std::move(kept);
  }
  for (const Token& token : owners.remove) {
    const auto it = rows_.find(token.run);
    if (it != rows_.end() && it->second.owner.token == token) rows_.erase(it);
  }
  for (const OwnerRow& owner : owners.add) {
    if (rows_.size() >= kMaxRows && !rows_.contains(owner.token.run)) {
      ++refused_rows_;
      continue;
    }
    Row& row = rows_[owner.token.run];
    if (row.owner.token != owner.token) row = Row{};
    row.owner = owner;
  }
}

Result<Publication> ProgressBoard::accept(RunProgress progress, std::string_view proven_worker) {
  const std::string_view worker = proven_worker.empty() ? progress.worker : proven_worker;
  const auto it = rows_.find(progress.token.run);
  if (it == rows_.end() || it->second.owner.token != progress.token ||
      it->second.owner.worker != worker)
    return fail(ErrorCode::denied, "attempt {} is not this worker's", progress.token);
  Row& row = it->second;
  if (progress.sequence <= row.sequence && !row.last.payload.empty())
    return fail(ErrorCode::conflict, "attempt {}: picture {} is not newer than {}", progress.token,
                progress.sequence, row.sequence);
  progress.job = row.owner.job;
  progress.client = row.owner.client;
  progress.worker = row.owner.worker;
  row.sequence = progress.sequence;
  row.last = {progress_topic(progress.token.run), encode_message(progress)};
  return row.last;
}

const OwnerRow* ProgressBoard::owner(RunId run) const {
  const auto it = rows_.find(run);
  return it == rows_.end() ? nullptr : &it->second.owner;
}

void ProgressBoard::replay(std::string_view topic,
                           const std::function<void(const Publication&)>& handle) const {
  const bool all = kProgressTopic.starts_with(topic);
  const auto run = parse_progress_topic(topic);
  if (!all && !run) return;
  if (run) {
    const auto it = rows_.find(*run);
    if (it != rows_.end() && !it->second.last.payload.empty()) handle(it->second.last);
    return;
  }
  for (const auto& [id, row] : rows_)
    if (!row.last.payload.empty()) handle(row.last);
}

}  // namespace dray
