#include "daemon/notifier/multipart.h"

#include <algorithm>
#include <optional>

#include "daemon/base/text.h"

namespace dray::notifier {
namespace {

constexpr size_t kMaxBoundary = 70;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::invalid, "the form is malformed: {}", what);
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x) == y; });
}

// name="..." among the parameters of a header's value; browsers write a quote as %22.
std::optional<std::string> quoted_parameter(std::string_view value, std::string_view name) {
  const std::string start = fmt::format("; {}=\"", name);
  const size_t at = value.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  value.remove_prefix(at + start.size());
  std::string out;
  for (size_t i = 0; i < value.size() && value[i] != '"'; ++i) {
    if (value.substr(i, 3) == "%22") {
      out += '"';
      i += 2;
    } else {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      out += value[i];
    }
  }
  return out;
}

}  // namespace

Result<std::string> multipart_boundary(std::string_view content_type) {
  constexpr std::string_view kType = "multipart/form-data";
  constexpr std::string_view kBoundary = "boundary=";
  if (!same_letters(content_type.substr(0, kType.size()), kType))
    return fail(ErrorCode::invalid, "the body must be multipart/form-data");
  const size_t at = content_type.find(kBoundary);
  if (at == std::string_view::npos) return wrong("it names no boundary");
  std::string_view text = content_type.substr(at + kBoundary.size());
  text = text.substr(0, text.find(';'));
  text = trim(text);
  if (text.size() > 1 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  if (text.empty() || text.size() > kMaxBoundary || !is_plain_text(text))
    return wrong("its boundary is not usable");
  return std::string(text);
}

MultipartReader::MultipartReader(std::string_view boundary)
    : delimiter_(fmt::format("\r\n--{}", boundary)),
      pending_("\r\n") {}  // so that the first delimiter looks like all others

Status MultipartReader::feed(std::string_view bytes, Handler& handler) {
  if (state_ == State::over) return {};  // an epilogue means nothing
  pending_ += bytes;
  for (bool moved = true; moved && state_ != State::over;) {
    moved = false;
    DRAY_TRY(step(handler, moved));
  }
  return {};
}

Status MultipartReader::finish() const {
  return state_ == State::over ? Status{} : wrong("it ends early");
}

Status MultipartReader::step(Handler& handler, bool& moved) {
  if (state_ == State::before) {
    // Behind a delimiter: its line ends, or everything does.
    if (!pending_.starts_with(delimiter_.substr(0, pending_.size())))
      return wrong("it does not begin with its boundary");
    if (pending_.size() < delimiter_.size() + 2) return {};
    const std::string_view next = std::string_view(pending_).substr(delimiter_.size(), 2);
    if (next == "--") {
      state_ = State::over;
      return {};
    }
    if (next != "\r\n") return wrong("a boundary is followed by something else");
    pending_.erase(0, delimiter_.size() + 2);
    state_ = State::head;
    moved = true;
    return {};
  }
  if (state_ == State::head) {
    const size_t end = pending_.find("\r\n\r\n");
    if (end == std::string::npos && pending_.size() <= kMaxPartHead) return {};
    if (end == std::string::npos || end > kMaxPartHead) return wrong("a part's head is too large");
    const std::string head = pending_.substr(0, end);
    pending_.erase(0, end + 4);
    DRAY_TRY(begin_part(head, handler));
    moved = true;
    return {};
  }
  return take_content(handler, moved);
}

Status MultipartReader::begin_part(std::string_view head, Handler& handler) {
  if (++parts_ > kMaxFields) return wrong("it has too many parts");
  constexpr std::string_view kDisposition = "content-disposition:";
  std::optional<std::string> name;
  std::optional<std::string> file;
  while (!head.empty()) {
    const size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    if (!same_letters(line.substr(0, kDisposition.size()), kDisposition)) continue;
    name = quoted_parameter(line, "name");
    file = quoted_parameter(line, "filename");
  }
  if (!name) return wrong("a part has no name");
  name_ = std::move(*name);
  value_.clear();
  state_ = file ? State::file : State::field;
  return file ? handler.on_file(name_, std::move(*file)) : Status{};
}

Status MultipartReader::pass_on(std::string_view bytes, Handler& handler) {
  if (bytes.empty()) return {};
  if (state_ == State::file) return handler.on_bytes(bytes);
  if (value_.size() + bytes.size() > kMaxFieldBytes) return wrong("a field is too large");
  value_ += bytes;
  return {};
}

Status MultipartReader::take_content(Handler& handler, bool& moved) {
  const size_t end = pending_.find(delimiter_);
  if (end == std::string::npos) {
    // The delimiter may have begun: so much stays.
    const size_t keep = std::min(pending_.size(), delimiter_.size() - 1);
    const size_t bytes = pending_.size() - keep;
    DRAY_TRY(pass_on(std::string_view(pending_).substr(0, bytes), handler));
    pending_.erase(0, bytes);
    return {};
  }
  DRAY_TRY(pass_on(std::string_view(pending_).substr(0, end), handler));
  pending_.erase(0, end);
  if (pending_.size() < delimiter_.size() + 2) return {};
  const std::string_view next = std::string_view(pending_).substr(delimiter_.size(), 2);
  if (next != "\r\n" && next != "--") {
    // Content that begins like the delimiter.
    DRAY_TRY(pass_on(delimiter_, handler));
    pending_.erase(0, delimiter_.size());
    moved = true;
    return {};
  }
  const bool file = state_ == State::file;
  state_ = State::before;
  moved = true;
  return file ? handler.on_file_end() : handler.on_field(name_, value_);
}

}  // namespace dray::notifier
