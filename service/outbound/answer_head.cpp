#include "outbound/answer_head.hpp"

#include "http/strict_gate.hpp"
#include "runtime/beast_head.hpp"

namespace gateway::outbound {
namespace {

using beast_response = beast_head<false>;

bool agrees(const beast_response::parser_type& parser, const http::response_head& head) {
    const auto& message = parser.get();
    const auto length = parser.content_length();
    const bool has_length = head.body.kind == http::framing::length;
    if (message.result_int() != static_cast<unsigned>(head.status)
        || message.version() != 10U + static_cast<unsigned>(head.minor_version))
        return false;
    // Without a body by the status, the fields about one say nothing.
    if (head.body.kind == http::framing::none) return true;
    return message.chunked() == (head.body.kind == http::framing::chunked)
           && (!has_length || (length && *length == head.body.length_bytes));
}

} // namespace

result<http::response_head> read_answer_head(std::string_view block) {
    auto judged = http::judge_response(block);
    // One decimal Content-Length and no coding: there is nothing to disagree about (and beast_agreement_test
    // looks).
    if (!judged || judged->body.kind == http::framing::length) return judged;

    beast_response seen;
    if (!seen.reads(block) || !agrees(seen.parser(), *judged))
        return failure{errc::tiktok_error, "TikTok's answer can be read in more than one way."};
    return judged;
}

} // namespace gateway::outbound
