// Which ClientHellos may lead to P-384: made by OpenSSL, then cut and changed; and with several shares, which
// OpenSSL 3.0 does not send, and other clients do.
#include "runtime/client_hello.hpp"

#include "runtime/stream.hpp"
#include "runtime/tls_server.hpp"
#include "unit/runtime/certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gateway {
namespace {

std::string hello_with(const char* groups, int version_max = 0) {
    const std::unique_ptr<SSL_CTX, ssl_deleter> context(SSL_CTX_new(TLS_client_method()));
    if (version_max != 0) SSL_CTX_set_max_proto_version(context.get(), version_max);
    EXPECT_EQ(1, SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_GROUPS_LIST, 0, const_cast<char*>(groups)));
    const ssl_pointer ssl(SSL_new(context.get()));
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl.get());
    SSL_do_handshake(ssl.get());
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl.get())), '\0');
    BIO_read(SSL_get_wbio(ssl.get()), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
}

TEST(ClientHello, AuditUOnlyThoseThatCannotEndWithP384AreUsual) {
    for (const char* groups : {"X25519", "P-256", "X25519:P-256:P-384", "P-256:P-384", "ffdhe2048:X25519"})
        for (const int version : {0, TLS1_2_VERSION})
            EXPECT_FALSE(may_ask_for_p384(hello_with(groups, version))) << groups;
    for (const char* groups : {"P-384", "P-384:P-521", "ffdhe2048", "P-521"})
        for (const int version : {0, TLS1_2_VERSION})
            EXPECT_TRUE(may_ask_for_p384(hello_with(groups, version))) << groups;
    // OpenSSL's client sends a share of the first group, and the server takes a share before a better group.
    EXPECT_TRUE(may_ask_for_p384(hello_with("P-384:X25519")));
}

enum group : std::uint16_t { p256 = 0x17, p384 = 0x18, p521 = 0x19, x25519 = 0x1d };
using groups = std::vector<group>;

std::string number(std::size_t value, int bytes) {
    std::string out;
    while (bytes-- > 0)
        out.push_back(static_cast<char>(value >> (8 * bytes)));
    return out;
}
std::string piece(const std::string& of, int length_bytes) {
    return number(of.size(), length_bytes) + of;
}
std::string public_key(group of) {
    const std::map<group, const char*> curves{{p256, "P-256"}, {p384, "P-384"}, {p521, "P-521"}};
    EVP_PKEY* const key =
        of == x25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519") : EVP_EC_gen(curves.at(of));
    unsigned char* bytes = nullptr;
    const auto size = EVP_PKEY_get1_encoded_public_key(key, &bytes);
    const std::string out(reinterpret_cast<const char*>(bytes), size);
    OPENSSL_free(bytes);
    EVP_PKEY_free(key);
    return out;
}
/// Of TLS 1.3 alone.
std::string hello_with(const groups& named, const groups& shared) {
    std::string list, shares;
    for (const group each : named)
        list += number(each, 2);
    for (const group each : shared)
        shares += number(each, 2) + piece(public_key(each), 2);
    const auto extension = [](std::size_t type, const std::string& body) {
        return number(type, 2) + piece(body, 2);
    };
    const std::string algorithms = number(0x0403, 2) + number(0x0804, 2);
    const std::string extensions = extension(43, piece(number(0x0304, 2), 1))
                                   + extension(13, piece(algorithms, 2)) + extension(10, piece(list, 2))
                                   + extension(51, piece(shares, 2));
    const std::string body = number(0x0303, 2) + std::string(32, 'r') + piece(std::string(32, 's'), 1)
                             + piece(number(0x1301, 2), 2) + piece(std::string(1, '\0'), 1)
                             + piece(extensions, 2);
    return number(0x16, 1) + number(0x0301, 2) + piece(number(1, 1) + piece(body, 3), 2);
}

/// The group in the server's answer; 0: it refuses.
std::uint16_t taken_by(const tls_server_context& context, const std::string& hello) {
    const ssl_pointer ssl = context.make();
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl.get());
    BIO_write(SSL_get_rbio(ssl.get()), hello.data(), static_cast<int>(hello.size()));
    SSL_do_handshake(ssl.get());
    std::string said(BIO_ctrl_pending(SSL_get_wbio(ssl.get())), '\0');
    BIO_read(SSL_get_wbio(ssl.get()), said.data(), static_cast<int>(said.size()));
    const auto at = [&](std::size_t byte) { return static_cast<unsigned char>(said.at(byte)); };
    if (at(0) != 0x16) return 0;
    // Record, message, version, random, session id, suite, compression; then the extensions.
    for (std::size_t place = 5 + 4 + 2 + 32 + 1 + 32 + 2 + 1 + 2;;) {
        if (at(place) == 0 && at(place + 1) == 51)
            return static_cast<std::uint16_t>(at(place + 4) << 8 | at(place + 5));
        place += 4U + (static_cast<unsigned>(at(place + 2)) << 8 | at(place + 3));
    }
}

TEST(ClientHello, AuditUOfSeveralSharesTheFirstThatTheServerHasDecides) {
    const testing::certificate_authority authority;
    const testing::temporary_folder folder;
    const auto who = authority.issue("localhost");
    const tls_server_context server(folder.write("a.pem", who.certificate_pem),
                                    folder.write("a.key", who.key_pem));
    struct row {
        groups named, shared;
        group taken;
    };
    const row rows[] = {
        {{x25519, p384}, {x25519, p384}, x25519},
        {{p384, x25519}, {x25519, p384}, x25519},
        {{p256, p384}, {p256, p384}, p256},
        {{p521, x25519, p384}, {p521, x25519, p384}, x25519},
        {{x25519, p384}, {p384, x25519}, p384},
        {{p384, x25519}, {p384, x25519}, p384},
        {{p384, x25519}, {p384}, p384},
        {{x25519, p384}, {p384}, p384},
        {{p521, p384, p256}, {p521, p384}, p384},
        {{p521, p384}, {p521}, p384},
        {{p384, x25519}, {}, x25519},
        {{p384}, {}, p384},
        {{p521, p384, x25519}, {p521}, x25519},
    };
    for (const auto& each : rows) {
        const auto hello = hello_with(each.named, each.shared);
        const auto name = "row " + std::to_string(&each - rows);
        EXPECT_EQ(taken_by(server, hello), each.taken) << name;
        EXPECT_EQ(may_ask_for_p384(hello), each.taken == p384) << name;
    }
}

TEST(ClientHello, AuditUWhatCannotBeSeenIsNotUsual) {
    const auto whole = hello_with("X25519");
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_TRUE(may_ask_for_p384(whole.substr(0, size))) << size;
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const char change : {'\x00', '\xff', '\x80'}) {
            auto odd = whole;
            odd[at] = change;
            static_cast<void>(may_ask_for_p384(odd)); // reads nothing behind its end (address sanitizer)
        }
    EXPECT_TRUE(may_ask_for_p384(hello_with("X25519").replace(5, 1, "\x02"))) << "no ClientHello";
}

} // namespace
} // namespace gateway
