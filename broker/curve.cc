#include "broker/curve.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "broker/z85.h"
#include "daemon/base/files.h"
#include "daemon/base/text.h"

namespace dray {
namespace {

constexpr size_t kMaxKeyFileBytes = 4096;
constexpr std::string_view kPublicSuffix = ".pub";
// drayd is not among them: it never speaks over a network.
constexpr Role kRemoteRoles[] = {Role::worker, Role::ops, Role::notifier};

static_assert(kKeyBytes == crypto_box_PUBLICKEYBYTES && kKeyBytes == crypto_box_SECRETKEYBYTES);

unsigned char* as_bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

bool is_key(std::string_view text) {
  return text.size() == kKeyText && z85_decode(text).has_value();
}

// The key itself in hexadecimal: public, of one length, safe in ZAP's text fields and in logs.
std::string id_of(std::string_view raw_key) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  for (const char c : raw_key) {
    id += kDigits[static_cast<uint8_t>(c) >> 4];
    id += kDigits[static_cast<uint8_t>(c) & 0x0f];
  }
  return id;
}

Status create_file(const std::string& path, std::string_view content, mode_t mode) {
  const UniqueFd fd{open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)};
  if (!fd) return fail_errno(errno, path);
  DRAY_TRY(write_all(fd.get(), content, path));
  if (fchmod(fd.get(), mode) != 0 || fsync(fd.get()) != 0) return fail_errno(errno, path);
  return {};
}

}  // namespace

CurveKeyPair generate_curve_keypair() {
  DRAY_CHECK(sodium_init() >= 0, "libsodium does not start");
  std::string public_key(kKeyBytes, '\0');
  std::string secret_key(kKeyBytes, '\0');
  crypto_box_keypair(as_bytes(public_key), as_bytes(secret_key));
  std::string secret_text = z85_encode(secret_key);
  wipe(secret_key);
  return {z85_encode(public_key), SecretString::take(secret_text)};
}

Status save_curve_keypair(const std::string& path, const CurveKeyPair& pair) {
  std::string secret = fmt::format("{}\n", pair.secret_key.reveal());
  const Status saved = create_file(path, secret, 0400);
  wipe(secret);
  DRAY_TRY(saved);
  return create_file(path + std::string(kPublicSuffix), pair.public_key + "\n", 0644);
}

Result<CurveKeyPair> load_curve_keypair(const std::string& path) {
  DRAY_CHECK(sodium_init() >= 0, "libsodium does not start");
  DRAY_TRY_ASSIGN(const SecretString file, read_secret_file(path));
  const std::string_view text = trim(file.reveal());
  auto raw = text.size() == kKeyText ? z85_decode(text) : std::nullopt;
  if (!raw)
    return fail(ErrorCode::invalid, "{}: not a secret key; it must hold one line of {} characters",
                path, kKeyText);
  std::string public_key(kKeyBytes, '\0');
  crypto_scalarmult_base(as_bytes(public_key), as_bytes(*raw));
  wipe(*raw);
  return CurveKeyPair{z85_encode(public_key), SecretString(text)};
}

Result<CurveClient> load_curve_client(const std::string& secret_key_file,
                                      const std::string& server_key) {
  if (!is_key(server_key))
    return fail(ErrorCode::invalid,
                "server_key: must be the broker's public key, {} characters (the content of its "
                ".pub file)",
                kKeyText);
  DRAY_TRY_ASSIGN(CurveKeyPair pair, load_curve_keypair(secret_key_file));
  return CurveClient{server_key, std::move(pair.public_key), std::move(pair.secret_key)};
}

AuthorizedKeys AuthorizedKeys::load(const std::string& dir) {
  AuthorizedKeys keys;
  if (dir.empty()) return keys;
  for (const Role role : kRemoteRoles)
    keys.load_role(fmt::format("{}/{}", dir, to_string(role)), role);
  return keys;
}

void AuthorizedKeys::load_role(const std::string& dir, Role role) {
  const auto names = list_dir(dir);
  if (!names) {
    if (names.error().code != ErrorCode::not_found) problems_.push_back(names.error().message);
    return;
  }
  for (const std::string& file : *names) {
    const std::string path = fmt::format("{}/{}", dir, file);
    if (!file.ends_with(kPublicSuffix)) {
      problems_.push_back(fmt::format("{}: ignored; keys are in NAME.pub", path));
      continue;
    }
    load_file(path, role, file.substr(0, file.size() - kPublicSuffix.size()));
  }
}

void AuthorizedKeys::load_file(const std::string& path, Role role, const std::string& name) {
  if (name.empty() || name.size() > limits::kMaxNameBytes || !is_plain_text(name))
    return problems_.push_back(
        fmt::format("{}: the name must be 1 to {} printable bytes", path, limits::kMaxNameBytes));
  const auto text = read_file(path, kMaxKeyFileBytes);
  if (!text) return problems_.push_back(text.error().message);
  std::string_view rest = *text;
  for (size_t line_number = 1; !rest.empty(); ++line_number) {
    const size_t end = rest.find('\n');
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const auto raw = line.size() == kKeyText ? z85_decode(line) : std::nullopt;
    if (!raw) {
      problems_.push_back(
          fmt::format("{}:{}: not a public key of {} characters", path, line_number, kKeyText));
      continue;
    }
    const std::string id = id_of(*raw);
    const auto [it, fresh] = by_id_.try_emplace(id, Credential{role, name, id});
    if (!fresh && (it->second.role != role || it->second.name != name))
      problems_.push_back(fmt::format("{}:{}: the same key is already that of {} {}", path,
                                      line_number, to_string(it->second.role), it->second.name));
  }
}

const Credential* AuthorizedKeys::find_key(std::string_view raw_key) const {
  return raw_key.size() == kKeyBytes ? find_id(id_of(raw_key)) : nullptr;
}

const Credential* AuthorizedKeys::find_id(std::string_view key_id) const {
  const auto it = by_id_.find(std::string(key_id));
  return it == by_id_.end() ? nullptr : &it->second;
}

std::unordered_set<std::string> AuthorizedKeys::key_ids() const {
  std::unordered_set<std::string> ids;
  for (const auto& [id, credential] : by_id_)
    ids.insert(id);
  return ids;
}

}  // namespace dray
