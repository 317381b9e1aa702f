#include "schemas/obscure.h"

#include "schemas/rclone_options.h"
#include "tests/support/catch.h"

using namespace dray;

TEST_CASE("passwords are obscured as rclone does it") {
  // `rclone reveal` of 1.60.1 gives "potato" back.
  CHECK(obscure("", std::string(16, '\0')) == "AAAAAAAAAAAAAAAAAAAAAA");
  const std::string text = obscure("potato", "aaaaaaaaaaaaaaaa");
  CHECK(text == "YWFhYWFhYWFhYWFhYWFhYXMaGgIlEQ");
}

TEST_CASE("settings that hold secrets are recognised") {
  for (const std::string_view name : {"pass", "password2", "secret_access_key", "token", "key",
                                      "client_secret", "key_pem", "service_account_credentials"})
    CHECK(looks_secret(name));
  for (const std::string_view name : {"access_key_id", "host", "user", "region", "key_file"})
    CHECK_FALSE(looks_secret(name));
}
