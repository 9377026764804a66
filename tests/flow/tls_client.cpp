#include "flow/tls_client.hpp"

#include <openssl/err.h>

#include <stdexcept>

namespace tls {

client::client(std::uint16_t port, const offer& change)
    : socket_(port), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), ssl_(nullptr, &SSL_free) {
    if (change) change(context_.get());
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
}

std::string client::outgoing() {
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    if (!bytes.empty()) BIO_read(SSL_get_wbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
}

bool client::receive() {
    const auto bytes = socket_.receive();
    if (bytes.empty()) return false;
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    return true;
}

std::string client::hello() {
    SSL_do_handshake(ssl_.get());
    return outgoing();
}

std::string client::shake_hands() {
    while (true) {
        ERR_clear_error();
        const int did = SSL_do_handshake(ssl_.get());
        const int wants = SSL_get_error(ssl_.get(), did);
        socket_.send(outgoing());
        if (did == 1) return {};
        if (wants != SSL_ERROR_WANT_READ) {
            const char* const reason = ERR_reason_error_string(ERR_peek_error());
            return reason ? reason : "failed";
        }
        if (!receive()) return "closed";
    }
}

std::string client::ask(const std::string& request) {
    SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size()));
    socket_.send(outgoing());
    std::string got, piece(65536, '\0');
    while (got.find("\r\n\r\n") == std::string::npos) {
        const int bytes = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
        if (bytes > 0)
            got.append(piece, 0, static_cast<std::size_t>(bytes));
        else if (SSL_get_error(ssl_.get(), bytes) != SSL_ERROR_WANT_READ || !receive())
            break;
    }
    return got;
}

std::string client::protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

offer groups(const std::string& names) {
    return [names](SSL_CTX* of) {
        // Not the macro SSL_CTX_set1_groups_list, which contains an old-style cast.
        if (SSL_CTX_ctrl(of, SSL_CTRL_SET_GROUPS_LIST, 0, const_cast<char*>(names.c_str())) != 1)
            throw std::runtime_error("no group " + names);
    };
}

offer suites_of_1_2(const std::string& names) {
    return [names](SSL_CTX* of) {
        SSL_CTX_set_max_proto_version(of, TLS1_2_VERSION);
        if (SSL_CTX_set_cipher_list(of, names.c_str()) != 1) throw std::runtime_error("no suite " + names);
    };
}

offer protocols(const std::string& list) {
    return [list](SSL_CTX* of) {
        SSL_CTX_set_alpn_protos(of, reinterpret_cast<const unsigned char*>(list.data()),
                                static_cast<unsigned>(list.size()));
    };
}

} // namespace tls
