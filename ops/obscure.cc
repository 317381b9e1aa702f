#include "ops/obscure.h"

#include <algorithm>

namespace dray::ops {
namespace {

struct Obscured {
  std::string_view type;
  std::string_view setting;
};
constexpr Obscured kObscured[] = {
    {"crypt", "password"},
    {"crypt", "password2"},
    {"sftp", "pass"},
    {"sftp", "key_file_pass"},
    {"ftp", "pass"},
    {"webdav", "pass"},
    {"smb", "pass"},
    {"koofr", "password"},
    {"mailru", "pass"},
    {"mega", "pass"},
    {"netstorage", "secret"},
    {"opendrive", "password"},
    {"pcloud", "password"},
    {"pikpak", "pass"},
    {"protondrive", "password"},
    {"seafile", "pass"},
    {"seafile", "library_key"},
    {"sia", "api_password"},
    {"fichier", "file_password"},
    {"fichier", "folder_password"},
};

}  // namespace

bool is_obscured_setting(std::string_view type, std::string_view setting) {
  return std::ranges::any_of(
      kObscured, [&](const Obscured& row) { return row.type == type && row.setting == setting; });
}

}  // namespace dray::ops
