#include "daemon/scheduler/store_versions.h"

#include "daemon/scheduler/store_db.h"
#include "schemas/job_json.h"

#define DRAY_VERSION_COLUMNS                                                                       \
  "SELECT run, job, job_name, client, at, destination, layout, versions_path, manifest, digest, "  \
  "archive, volumes, files, bytes, grade, good, pinned, state, prune_run, coalesce(pruned_at, 0) " \
  "FROM versions "

namespace dray::store {
namespace {

VersionRow read_version(const Query& q) {
  VersionRow row;
  row.ref.run = {q.as<uint64_t>(0)};
  row.job = {q.as<uint64_t>(1)};
  row.job_name = q.text(2);
  row.client = q.text(3);
  row.ref.at = q.time(4);
  row.ref.destination = q.text(5);
  row.ref.layout = q.as<Layout>(6);
  row.ref.versions_path = q.text(7);
  row.ref.manifest = q.text(8);
  row.ref.digest = q.text(9);
  row.ref.archive = q.text(10);
  row.ref.volumes = q.as<uint32_t>(11);
  row.ref.files = q.as<uint64_t>(12);
  row.ref.bytes = q.as<uint64_t>(13);
  row.ref.grade = q.as<Grade>(14);
  row.good = q.as<bool>(15);
  row.pinned = q.text(16);
  row.state = q.as<VersionState>(17);
  row.prune_run = {q.as<uint64_t>(18)};
  row.pruned_at = q.time(19);
  return row;
}

}  // namespace

std::optional<VersionPlace> version_place(const JobSpec& job) {
  VersionPlace place{job.client, endpoint_text(job.destination), ""};
  if (job.kind == JobKind::archive) return place;
  if (job.kind != JobKind::sync && job.kind != JobKind::copy && job.kind != JobKind::move)
    return std::nullopt;
  if (job.policy.layout == Layout::versioned) return place;
  if (job.policy.versions_path.empty()) return std::nullopt;
  place.versions_path = job.policy.versions_path;
  return place;
}

Result<std::vector<VersionRow>> Versions::at(const VersionPlace& place) {
  return guarded("read versions", [&]() -> Result<std::vector<VersionRow>> {
    std::vector<VersionRow> rows;
    auto query = db_->query(DRAY_VERSION_COLUMNS
                            "WHERE client = ? AND destination = ? AND versions_path = ? AND state "
                            "< 3 ORDER BY run DESC");
    query.bind(place.client, place.destination, place.versions_path);
    while (query.next())
      rows.push_back(read_version(query));
    return rows;
  });
}

Result<std::optional<VersionRow>> Versions::find(RunId run) {
  return guarded("read version", [&]() -> Result<std::optional<VersionRow>> {
    auto query = db_->query(DRAY_VERSION_COLUMNS "WHERE run = ?");
    if (!query.bind(run).next()) return std::nullopt;
    return read_version(query);
  });
}

Result<std::optional<VersionRow>> Versions::newest(const VersionPlace& place) {
  return guarded("read version", [&]() -> Result<std::optional<VersionRow>> {
    auto query = db_->query(DRAY_VERSION_COLUMNS
                            "WHERE client = ? AND destination = ? AND versions_path = ? AND state "
                            "= 1 AND state < 3 ORDER BY run DESC LIMIT 1");
    if (!query.bind(place.client, place.destination, place.versions_path).next())
      return std::nullopt;
    return read_version(query);
  });
}

Status Versions::put(const VersionRow& v) {
  return guarded("store version", [&]() -> Status {
    db_->query(
           "INSERT INTO versions (run, job, job_name, client, at, destination, layout, "
           "versions_path, manifest, digest, archive, volumes, files, bytes, grade, good, pinned, "
           "state, prune_run, pruned_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
           "?, "
           "?, ?, NULL)")
        .bind(v.ref.run, v.job, v.job_name, v.client, v.ref.at, v.ref.destination, v.ref.layout,
              v.ref.versions_path, v.ref.manifest, v.ref.digest, v.ref.archive, v.ref.volumes,
              v.ref.files, v.ref.bytes, v.ref.grade, v.good, v.pinned, v.state, v.prune_run)
        .run();
    return {};
  });
}

Status Versions::set_pinned(RunId run, const std::string& why) {
  return guarded("pin version", [&]() -> Status {
    db_->query("UPDATE versions SET pinned = ? WHERE run = ?").bind(why, run).run();
    return {};
  });
}

Status Versions::mark_pruning(RunId prune, const std::vector<RunId>& versions) {
  return guarded("mark versions", [&]() -> Status {
    for (const RunId run : versions)
      db_->query("UPDATE versions SET state = 2, prune_run = ? WHERE run = ? AND state < 3")
          .bind(prune, run)
          .run();
    return {};
  });
}

Status Versions::end_prune(RunId prune, WallTime at) {
  return guarded("mark versions", [&]() -> Status {
    db_->query("UPDATE versions SET state = 3, pruned_at = ? WHERE prune_run = ? AND state = 2")
        .bind(at, prune)
        .run();
    return {};
  });
}

Status Versions::add_deletions(RunId prune, JobId job, WallTime at,
                               const std::vector<DeletedVersion>& deleted) {
  return guarded("store deletions", [&]() -> Status {
    for (const DeletedVersion& one : deleted)
      db_->query(
             "INSERT INTO deletions (at, job, run, version, path, files, bytes) VALUES (?, ?, ?, "
             "?, ?, ?, ?)")
          .bind(at, job, prune, one.run, one.path, one.files, one.bytes)
          .run();
    return {};
  });
}

Result<std::vector<DeletionView>> Versions::deletions(RunId version, size_t limit) {
  return guarded("read deletions", [&]() -> Result<std::vector<DeletionView>> {
    std::vector<DeletionView> rows;
    auto query = db_->query(
        "SELECT at, run, version, path, files, bytes FROM deletions WHERE version = ? ORDER BY id "
        "DESC LIMIT ?");
    query.bind(version, limit);
    while (query.next())
      rows.push_back({query.time(0),
                      {query.as<uint64_t>(1)},
                      {query.as<uint64_t>(2)},
                      query.text(3),
                      query.as<uint64_t>(4),
                      query.as<uint64_t>(5)});
    return rows;
  });
}

Result<WallTime> Versions::drilled_at(JobId job) {
  return guarded("read job", [&]() -> Result<WallTime> {
    auto query = db_->query("SELECT coalesce(drilled_at, 0) FROM job_states WHERE job = ?");
    return query.bind(job).next() ? query.time(0) : WallTime{};
  });
}

Status Versions::mark_drill(JobId job, WallTime at) {
  return guarded("store drill", [&]() -> Status {
    db_->query("UPDATE job_states SET drilled_at = ? WHERE job = ?").bind(at, job).run();
    return {};
  });
}

}  // namespace dray::store
