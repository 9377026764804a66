// Chunks and multipart: the same bytes give the same body, however they are divided into pieces.
#include "fuzz/targets.hpp"
#include "http/body_framing.hpp"
#include "http/media_type.hpp"
#include "http/multipart.hpp"
#include "http/percent.hpp"
#include "http/query.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace gateway::fuzz {
namespace {

struct outcome {
    std::string body;
    std::size_t used = 0;
    bool complete = false;
    bool refused = false;
    bool operator==(const outcome&) const = default;
};

outcome decode(std::string_view bytes, std::size_t piece_bytes) {
    http::body_framing body{{http::framing::chunked, 0}, 1 << 20};
    outcome out;
    std::vector<char> piece;
    for (std::size_t at = 0; at < bytes.size() && !body.complete(); at += piece_bytes) {
        const std::string_view now = bytes.substr(at, piece_bytes);
        piece.assign(now.begin(), now.end());
        const auto moved = body.compact(piece);
        if (moved.has_error()) {
            // Body bytes before the fault in the same piece are not returned, so only the verdict can be
            // compared.
            return {{}, 0, false, true};
        }
        out.body.append(piece.data(), moved->data_bytes);
        out.used += moved->used;
    }
    out.complete = body.complete();
    return out;
}

std::string chunked(std::string_view data, std::size_t chunk_bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (std::size_t at = 0; at < data.size(); at += chunk_bytes) {
        const std::string_view now = data.substr(at, chunk_bytes);
        out += {digits[now.size() >> 4 & 15], digits[now.size() & 15]};
        out.append("\r\n").append(now).append("\r\n");
    }
    return out + "0\r\n\r\n";
}

outcome read_form(std::string_view bytes, std::size_t piece_bytes, bool input_may_follow) {
    http::multipart_form form{"boundary", input_may_follow};
    outcome out;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto piece = form.next(bytes.substr(at, piece_bytes));
        if (piece.has_error()) return {{}, 0, false, true};
        require(piece->used > 0 || !piece->data.empty(), "bytes are looked at for ever");
        require(piece->data.empty() || form.file_announced(), "bytes of a file that nobody announced");
        out.body.append(piece->data);
        at += piece->used;
        out.used += piece->used;
    }
    out.complete = form.end().has_value();
    if (!out.complete) return out;
    require(form.file_announced(), "a form without a file is complete");
    require(out.body.size() == form.announced_file_bytes().value_or(out.body.size()),
            "a file is not as long as it told");
    require(out.body.find("\r\n--boundary") == std::string::npos, "a file holds its delimiter");
    out.body += "|" + form.input() + "|" + form.file_name();
    return out;
}

} // namespace

void chunks(std::string_view bytes) {
    const outcome whole = decode(bytes, bytes.size() + 1);
    for (const unsigned piece_bytes : {1U, 2U, 3U, 7U})
        require(decode(bytes, piece_bytes) == whole, "a chunked body depends on how it comes");
    if (bytes.empty()) return;
    const std::size_t chunk_bytes = static_cast<unsigned char>(bytes.front()) % 255U + 1;
    const outcome back = decode(chunked(bytes, chunk_bytes), 5);
    require(back.complete && back.body == bytes, "a body changes on its way through chunks");
}

void multipart(std::string_view bytes) {
    for (const bool input_may_follow : {true, false}) {
        const outcome whole = read_form(bytes, bytes.size() + 1, input_may_follow);
        for (const unsigned piece_bytes : {1U, 5U, 64U})
            require(read_form(bytes, piece_bytes, input_may_follow) == whole,
                    "a form depends on how it comes");
        if (whole.complete)
            require(!read_form(bytes.substr(0, bytes.size() / 2), 64, input_may_follow).complete
                        || bytes.substr(0, bytes.size() / 2).find("--boundary--") != std::string::npos,
                    "half a form is complete");
    }
}

void query(std::string_view bytes) {
    const auto parsed = http::query::parse(bytes);
    if (parsed.has_error()) return;
    std::string again;
    for (const auto& pair : parsed->pairs()) {
        if (!again.empty()) again += '&';
        http::append_percent_encoded(again, pair.name);
        again += '=';
        http::append_percent_encoded(again, pair.value);
    }
    const auto back = http::query::parse(again);
    require(back.has_value() && back->pairs().size() == parsed->pairs().size(),
            "a query does not survive a round trip");
    for (std::size_t i = 0; i < back->pairs().size(); ++i) {
        require(back->pairs()[i].name == parsed->pairs()[i].name, "a name does not survive a round trip");
        require(back->pairs()[i].value == parsed->pairs()[i].value, "a value does not survive a round trip");
    }
}

void media_type(std::string_view bytes) {
    const auto type = http::parse_media_type(bytes);
    if (!type) return;
    require(!type->type.empty() && !type->subtype.empty(), "a media type has two words");
    require(type->boundary.size() <= 70 && type->boundary.find_first_of("\r\n\"") == std::string_view::npos,
            "a boundary out of grammar");
}

} // namespace gateway::fuzz
