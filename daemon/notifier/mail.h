// A mail as it goes over the wire: header, text and HTML as multipart/alternative, all in ASCII
// with CRLF and short lines, so that no server on the way has to change it. Pure.
//
// Nothing that a job, a file or a person is called can add a header: values are encoded, not
// trusted.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/time.h"

namespace dray::notify {

struct Mail {
  std::string from;  // address
  std::string to;    // address
  std::string subject;
  std::string message_id;  // without <>
  std::string thread;      // mails of one job belong together; "": alone
  WallTime date{};
  std::string text;
  std::string html;  // "": text alone
};

std::string compose(const Mail& mail);

// For header values: as it is when it is short and plain, else encoded words (RFC 2047).
std::string encode_header(std::string_view text);
// Lines of at most 76 characters with CRLF, whatever `text` holds.
std::string quoted_printable(std::string_view text);
// "Fri, 20 Nov 2026 05:47:03 +0000".
std::string mail_date(WallTime time);

}  // namespace dray::notify
