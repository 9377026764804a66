#include "runtime/client_hello.hpp"

#include <cstddef>
#include <cstdint>

namespace gateway {
namespace {

constexpr std::uint16_t p256 = 0x0017, p384 = 0x0018, x25519 = 0x001d; // RFC 8446 §4.2.7
constexpr std::uint16_t supported_groups = 10, key_share = 51;

/// Reads numbers and pieces off the beginning of some bytes; `failed` when there are too few.
struct reader {
    std::string_view left;
    bool failed = false;

    std::string_view take(std::size_t bytes) {
        if (bytes > left.size()) {
            failed = true;
            bytes = left.size();
        }
        const auto taken = left.substr(0, bytes);
        left.remove_prefix(bytes);
        return taken;
    }
    std::size_t number(std::size_t bytes) {
        std::size_t value = 0;
        for (const char c : take(bytes))
            value = value << 8 | static_cast<unsigned char>(c);
        return value;
    }
    /// A piece with its length before it.
    std::string_view piece(std::size_t length_bytes) { return take(number(length_bytes)); }
    bool more() const { return !failed && !left.empty(); }
};

bool names_a_cheap_one(std::string_view groups) {
    reader list{reader{groups}.piece(2)};
    while (list.more())
        if (const auto group = list.number(2); group == x25519 || group == p256) return true;
    return false;
}

bool begins_with_p384(std::string_view shares) {
    reader list{reader{shares}.piece(2)};
    while (list.more()) {
        const auto group = list.number(2);
        if (group == p384) return true;
        if (group == x25519 || group == p256) return false;
        list.piece(2); // of a group that the server does not have
    }
    return list.failed;
}

} // namespace

bool may_ask_for_p384(std::string_view first_record) {
    constexpr std::size_t record_head = 5, version_and_random = 2 + 32;
    constexpr std::size_t client_hello = 1;
    reader record{first_record};
    record.take(record_head);
    if (record.number(1) != client_hello) return true;
    reader hello{record.piece(3)};
    if (record.failed) return true; // the rest lies in another record
    hello.take(version_and_random);
    hello.piece(1); // session id
    hello.piece(2); // suites
    hello.piece(1); // compression
    reader extensions{hello.piece(2)};
    bool cheap = false;
    while (extensions.more()) {
        const auto type = extensions.number(2);
        const auto body = extensions.piece(2);
        if (type == supported_groups) cheap = names_a_cheap_one(body);
        if (type == key_share && begins_with_p384(body)) return true;
    }
    return !cheap || extensions.failed || hello.failed;
}

} // namespace gateway
