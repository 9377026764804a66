#include "outbound/address_rules.hpp"

#include "base/pattern.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace gateway::outbound {
namespace {

namespace ip = boost::asio::ip;

struct v4_block {
    std::uint32_t begin;
    unsigned prefix;
};
/// What RFC 6890 and its updates keep from the public internet.
constexpr std::array<v4_block, 16> not_public_v4{{{0x00000000, 8},
                                                  {0x0a000000, 8},
                                                  {0x64400000, 10},
                                                  {0x7f000000, 8},
                                                  {0xa9fe0000, 16},
                                                  {0xac100000, 12},
                                                  {0xc0000000, 24},
                                                  {0xc0000200, 24},
                                                  {0xc01fc400, 24},
                                                  {0xc034c100, 24},
                                                  {0xc0586300, 24},
                                                  {0xc0a80000, 16},
                                                  {0xc6120000, 15},
                                                  {0xc6336400, 24},
                                                  {0xcb007100, 24},
                                                  {0xe0000000, 3}}};

bool is_public_v4(std::uint32_t address) {
    return std::none_of(not_public_v4.begin(), not_public_v4.end(), [address](const v4_block& block) {
        return (address ^ block.begin) >> (32 - block.prefix) == 0;
    });
}

using v6_bytes = ip::address_v6::bytes_type;

std::uint32_t v4_at(const v6_bytes& bytes, std::size_t at) {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < 4; ++i)
        out = out << 8 | bytes[at + i];
    return out;
}

bool begins_with(const v6_bytes& bytes, std::initializer_list<unsigned char> with) {
    return std::equal(with.begin(), with.end(), bytes.begin());
}

/// Of the global unicast addresses, 2000::/3, those that are nobody's: protocols' own (also Teredo and
/// ORCHID) and documentation. 6to4, NAT64 and mapped addresses are judged as the IPv4 address within.
bool is_public_v6(const v6_bytes& bytes) {
    const std::initializer_list<unsigned char> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const std::initializer_list<unsigned char> nat64{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
    if (begins_with(bytes, mapped) || begins_with(bytes, nat64)) return is_public_v4(v4_at(bytes, 12));
    if (begins_with(bytes, {0x20, 0x02})) return is_public_v4(v4_at(bytes, 2));
    const bool is_global = bytes[0] >> 5 == 1;
    const bool is_protocols = begins_with(bytes, {0x20, 0x01}) && bytes[2] < 2; // 2001::/23
    const bool is_for_documents = begins_with(bytes, {0x20, 0x01, 0x0d, 0xb8})
                                  || (begins_with(bytes, {0x3f, 0xff}) && bytes[2] >> 4 == 0); // 3fff::/20
    return is_global && !is_protocols && !is_for_documents;
}

} // namespace

bool is_public_address(const ip::address& one) {
    if (one.is_v4()) return is_public_v4(one.to_v4().to_uint());
    const auto six = one.to_v6();
    return six.scope_id() == 0 && is_public_v6(six.to_bytes());
}

bool address_rules::permit(std::string_view host, const std::vector<ip::address>& all) const {
    return matches_any(allowed_, host) || std::all_of(all.begin(), all.end(), is_public_address);
}

} // namespace gateway::outbound
