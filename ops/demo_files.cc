#include "ops/demo_files.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <map>

#include "daemon/base/fd.h"
#include "daemon/base/files.h"
#include "daemon/base/quote.h"
#include "daemon/base/text.h"
#include "daemon/base/time.h"

namespace dray::ops {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;
constexpr size_t kMaxDifferences = 5;
constexpr size_t kMaxFile = 64 * kMiB;

// Each of these has broken some backup program.
constexpr std::string_view kAwkward[] = {
    "with space.txt",
    " leading space.txt",
    "trailing space .txt",
    "two  spaces.txt",
    "ünïcödé.txt",
    "Ünïcödé decomposed e\xcc\x81.txt",
    "日本語/ファイル名.txt",
    "العربية/ملف.txt",
    "Ελληνικά.txt",
    "emoji 🚚📦.bin",
    "family 👨‍👩‍👧.txt",
    "quote'single.txt",
    "quote\"double.txt",
    "back`tick.txt",
    "back\\slash.txt",
    "new\nline.txt",
    "tab\there.txt",
    "bell\a.txt",
    "-leading-dash.txt",
    "--delete",
    ".hidden",
    "..two dots",
    "percent%20encoded.txt",
    "hash#tag?.txt",
    "semi;colon.txt",
    "dollar$HOME.txt",
    "star*.txt",
    "[brackets].txt",
    "{braces}.txt",
    "angle<>.txt",
    "pipe|.txt",
    "colon:in:name.txt",
    "amp&and.txt",
    "exclaim!.txt",
    "tilde~.txt",
    "comma,equals=.txt",
    "UPPER.TXT",
    "upper.txt",
    "CON",
    "nul.txt",
};

// The same bytes everywhere, and nothing that compresses: splitmix64.
class Noise {
 public:
  explicit Noise(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  std::string bytes(uint64_t count) {
    std::string out;
    out.reserve(count + 8);
    while (out.size() < count) {
      const uint64_t word = next();
      out.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    out.resize(count);
    return out;
  }

 private:
  uint64_t state_;
};

uint64_t seed_of(std::string_view path) {
  uint64_t seed = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : path)
    seed = (seed ^ static_cast<uint8_t>(c)) * 0x100000001b3ull;
  return seed;
}

Status write_demo_file(const std::string& path, uint64_t bytes) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  const UniqueFd fd(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail_errno(errno, path);
  return write_all(fd.get(), Noise(seed_of(path) + bytes).bytes(bytes), path);
}

Result<std::map<std::string, uint64_t>> sizes_in(const std::string& root) {
  std::map<std::string, uint64_t> sizes;
  std::error_code error;
  fs::recursive_directory_iterator it(root, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error))
    if (it->is_regular_file(error) && !error)
      sizes[it->path().lexically_relative(root).string()] = it->file_size(error);
  if (error) return fail(ErrorCode::io, "{}: {}", root, error.message());
  return sizes;
}

TreeSize total(const std::map<std::string, uint64_t>& sizes) {
  TreeSize size;
  for (const auto& [path, bytes] : sizes) {
    ++size.files;
    size.bytes += bytes;
  }
  return size;
}

}  // namespace

std::vector<DemoFile> demo_files() {
  std::vector<DemoFile> files;
  Noise noise(20261120);
  for (const std::string_view name : kAwkward)
    files.push_back({"awkward names/" + std::string(name), 100 + noise.next() % (20 * kKiB)});
  files.push_back({"awkward names/" + std::string(200, 'l') + ".txt", 4 * kKiB});
  files.push_back({"awkward names/empty", 0});
  for (int i = 0; i < 180; ++i)
    files.push_back({fmt::format("documents/{}/letter {:03}.txt", 2020 + i % 6, i),
                     1 + noise.next() % (32 * kKiB)});
  for (int i = 0; i < 70; ++i)
    files.push_back({fmt::format("photos/2026-{:02}/IMG_{:04}.jpg", 1 + i % 12, 1000 + i),
                     100 * kKiB + noise.next() % (700 * kKiB)});
  for (int i = 0; i < 5; ++i)
    files.push_back(
        {fmt::format("video/clip {}.mp4", i + 1), 6 * kMiB + noise.next() % (3 * kMiB)});
  return files;
}

Result<TreeSize> make_demo_source(const std::string& root) {
  DRAY_TRY(ensure_private_dir(root));
  DRAY_TRY_ASSIGN(const auto present, sizes_in(root));
  for (const DemoFile& file : demo_files()) {
    const auto known = present.find(file.path);
    if (known == present.end() || known->second != file.bytes)
      DRAY_TRY(write_demo_file(root + "/" + file.path, file.bytes));
  }
  const std::string now = format_rfc3339(SystemClock{}.now().wall);
  DRAY_TRY(write_demo_file(fmt::format("{}/diary/{}.txt", root, now), 200 * kKiB + now.size()));
  DRAY_TRY_ASSIGN(const auto sizes, sizes_in(root));
  return total(sizes);
}

Result<Comparison> compare_trees(const std::string& a, const std::string& b) {
  DRAY_TRY_ASSIGN(const auto in_a, sizes_in(a));
  DRAY_TRY_ASSIGN(const auto in_b, sizes_in(b));
  Comparison result;
  result.size = total(in_a);
  const auto differs = [&](std::string_view path, std::string_view how) {
    if (result.differences.size() < kMaxDifferences)
      result.differences.push_back(fmt::format("{} {}", dray::quoted(path, 80), how));
  };
  for (const auto& [path, bytes] : in_a) {
    const auto other = in_b.find(path);
    if (other == in_b.end()) {
      differs(path, "is missing at the destination");
      continue;
    }
    DRAY_TRY_ASSIGN(const std::string left, read_file(a + "/" + path, kMaxFile));
    DRAY_TRY_ASSIGN(const std::string right, read_file(b + "/" + path, kMaxFile));
    if (left != right) differs(path, "has another content at the destination");
  }
  for (const auto& [path, bytes] : in_b)
    if (!in_a.contains(path)) differs(path, "is at the destination only");
  return result;
}

}  // namespace dray::ops
