// A bound on everything that a peer, a file or an operator can make large. Each says what a hit
// does.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dray::limits {

// ── Wire ────────────────────────────────────────────────────────────────────────────────────────
inline constexpr uint8_t kProtocolVersion = 1;
// A larger frame is cut off by libzmq and its peer disconnected.
inline constexpr size_t kMaxFrameBytes = 1 << 20;
// The sender starts a new frame when a batch would pass this.
inline constexpr size_t kBatchBytes = 48 << 10;
// More messages in one frame are refused (NACK).
inline constexpr size_t kMaxMessagesPerFrame = 1024;
// Deeper or wider values are refused (NACK).
inline constexpr size_t kMaxDepth = 12;
inline constexpr size_t kMaxArrayItems = 65'536;
inline constexpr size_t kMaxStringBytes = 512 << 10;
static_assert(kBatchBytes < kMaxFrameBytes && kMaxStringBytes < kMaxFrameBytes);

// ── Names and texts that people type ────────────────────────────────────────────────────────────
inline constexpr size_t kMaxNameBytes = 64;       // longer: refused
inline constexpr size_t kMaxPathBytes = 4096;     // longer: refused
inline constexpr size_t kMaxReasonBytes = 1000;   // longer: refused
inline constexpr size_t kMaxFilters = 1000;       // more: refused
inline constexpr size_t kMaxFlags = 64;           // more: refused
inline constexpr size_t kMaxRemoteSettings = 64;  // more: refused
inline constexpr size_t kMaxSettingBytes = 64
                                           << 10;  // longer: refused (a service account is 2.4 kB)
inline constexpr size_t kMaxRemoteDepth = 8;       // a longer chain of remotes: refused

// ── Texts kept about a run ──────────────────────────────────────────────────────────────────────
inline constexpr size_t kMaxHintBytes = 500;             // cut
inline constexpr size_t kMaxLogExcerptBytes = 16 << 10;  // head and tail kept, the middle cut
inline constexpr size_t kMaxCurrentFiles = 16;           // further ones are not shown
inline constexpr size_t kMaxFileNameBytes = 512;         // cut, for display only

// ── Time ────────────────────────────────────────────────────────────────────────────────────────
inline constexpr std::chrono::milliseconds kHeartbeat{2'000};
// Between what workers say about runs that share bandwidth.
inline constexpr std::chrono::milliseconds kUsageReport{1'000};
inline constexpr int kHeartbeatsMissed = 5;  // then a peer counts as lost
inline constexpr std::chrono::seconds kLease{600};
inline constexpr std::chrono::seconds kLeaseMin{10};
inline constexpr std::chrono::seconds kLeaseMax{24 * 3600};
// Parts of a lease in percent: the worker stops its own transfers, the scheduler reassigns.
inline constexpr int kLeaseWorkerStopsPercent = 75;
inline constexpr int kLeaseReassignPercent = 125;
static_assert(kLeaseWorkerStopsPercent < 100 && kLeaseReassignPercent > 100);
inline constexpr std::chrono::seconds kOfferTimeout{5};
inline constexpr std::chrono::milliseconds kProgressInterval{500};  // at most 2 Hz per run
inline constexpr std::chrono::seconds kProgressStoreInterval{5};
inline constexpr std::chrono::seconds kStopGrace{15};       // TERM, then this, TERM again
inline constexpr std::chrono::seconds kStopSecondGrace{2};  // then KILL
inline constexpr std::chrono::minutes kStallDefault{30};

// ── Queue ───────────────────────────────────────────────────────────────────────────────────────
inline constexpr size_t kMaxOpenRuns = 1'000'000;  // further ones are refused: exhausted
inline constexpr size_t kMaxPageRows = 500;        // larger pages are cut
inline constexpr uint32_t kMaxSlots = 256;
inline constexpr uint32_t kMaxAttempts = 100;
inline constexpr uint32_t kMaxArchiveLevel = 19;  // higher ones need memory without bound
inline constexpr uint32_t kMaxArchiveFetchers = 128;
inline constexpr int64_t kMinArchiveVolume = 1 << 20;
inline constexpr int32_t kMinPriority = -100;  // beyond: refused, or brought to it
inline constexpr int32_t kMaxPriority = 100;

}  // namespace dray::limits
