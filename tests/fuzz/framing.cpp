// Chunks and multipart: the same bytes give the same body however they are cut.
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
            // What came before the fault in the same piece is not told; so only the verdict can be compared.
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

outcome read_form(std::string_view bytes, std::size_t piece_bytes, std::uint64_t& file_size_bytes) {
    http::multipart_upload form{"boundary", bytes.size()};
    outcome out;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::string_view now = bytes.substr(at, piece_bytes);
        const auto piece = form.next(now);
        if (piece.has_error()) {
            require(!form.file_announced() || form.file_size_bytes() == 0
                        || out.body.size() < form.file_size_bytes(),
                    "a wrong form was handed out whole");
            return {{}, 0, false, true};
        }
        require(piece->used > 0, "bytes are looked at for ever");
        out.body.append(piece->data);
        at += piece->used;
        out.used += piece->used;
    }
    out.complete = form.complete();
    if (out.complete) {
        require(out.body.size() == form.file_size_bytes(), "the announced size is not the size");
        out.body += "|" + form.input() + "|" + form.file_name() + "|" + form.file_type();
    }
    file_size_bytes = form.file_size_bytes();
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
    std::uint64_t size_bytes = 0;
    const outcome whole = read_form(bytes, bytes.size() + 1, size_bytes);
    for (const unsigned piece_bytes : {1U, 5U, 64U}) {
        std::uint64_t same_size_bytes = 0;
        require(read_form(bytes, piece_bytes, same_size_bytes) == whole, "a form depends on how it comes");
        require(size_bytes == same_size_bytes || whole.refused, "a file's size depends on how it comes");
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
