// Reads the field lines of a complete header block one by one and refuses bytes that no field line may hold
// (C06, C09). Used by both gates; pure, lives while one block is checked.
#pragma once
#include "base/result.hpp"
#include "http/peer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gateway::http {

struct field_line {
    std::string_view name;  // case as it came
    std::string_view value; // without blanks and tabs around it; inside it may hold both
};

class field_lines {
public:
    /// `position` is where the first field line begins; `block` ends with the empty line.
    field_lines(std::string_view block, std::size_t position, peer from)
        : block_(block), position_(position), from_(from) {}

    /// Fills `line`. False: there is none, see end(); call it no more then.
    bool next(field_line& line);
    /// Good if the empty line was reached and was the end of the block. Errors: malformed_request,
    /// headers_too_large; from TikTok tiktok_error.
    result<void> end() const {
        if (fault_) return blame(from_, code_, fault_);
        return {};
    }

private:
    bool refuse(errc code, const char* what);

    std::string_view block_;
    std::size_t position_;
    std::size_t fields_ = 0;
    peer from_;
    errc code_ = errc::malformed_request;
    const char* fault_ = nullptr;
};

/// The fields of `Connection`, read together (RFC 9110 §7.6.1).
struct connection_options {
    bool close = false;
    bool keep_alive = false;

    /// False when `value` is no list of tokens.
    bool add(std::string_view value);
    bool persists(int minor_version) const { return !close && (minor_version > 0 || keep_alive); }
};

/// Whether a Content-Encoding leaves the body as it is: a list (RFC 9110 §5.6.1) of nothing, or of
/// `identity`.
bool names_no_coding(std::string_view content_encoding);

/// Collects the fields about the body until all fields are read (RFC 9112 §6.3).
class body_fields {
public:
    /// Each gives false for a second field of the same name and for a value out of grammar.
    bool add_length(std::string_view value);
    bool add_coding(std::string_view value);

    bool has_length() const { return length_bytes_.has_value(); }
    bool has_coding() const { return codings_ > 0; }
    bool is_chunked() const { return codings_ == 1 && chunked_; }
    /// One coding of RFC 9112 §7 that we do not implement, alone or before `chunked`.
    bool is_known_but_unsupported() const { return codings_ == 1 && known_; }
    std::uint64_t length_bytes() const { return *length_bytes_; }

private:
    std::optional<std::uint64_t> length_bytes_;
    int codings_ = 0;
    bool chunked_ = false;
    bool known_ = false;
};

} // namespace gateway::http
