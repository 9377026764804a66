#include "base/memory/memory_reserve.hpp"
#include "base/text.hpp"
#include "runtime/stream_state.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstring>

namespace gateway {
namespace {

// A message that fills the first size makes it grow, at last to the size for uploads.
constexpr std::size_t medium_receive_bytes = 8 * 1024;
constexpr std::size_t large_receive_bytes = 64 * 1024;
// Of a server: enough for most requests. Each idle connection holds it while it waits.
constexpr std::size_t server_receive_bytes = 1024;
constexpr std::size_t record_head_bytes = 5;
// Of a ClientHello's record, which is held until it is whole. RFC 8446 §5.1 allows twice as much; those that
// clients send have less than 4 KiB.
constexpr std::size_t record_bytes_max = 8 * 1024;

int bio_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
    auto& self = *static_cast<tls_bytes*>(BIO_get_data(bio));
    const memory_reserve::scope no_failure; // no exception may pass OpenSSL's functions
    self.collected.append(bytes, size);
    *written = size;
    return 1;
}

int bio_read(BIO* bio, char* to, std::size_t size, std::size_t* read) {
    auto& self = *static_cast<tls_bytes*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    *read = self.received.take(to, size);
    if (*read > 0) return 1;
    BIO_set_retry_read(bio);
    return 0;
}

long bio_control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

const BIO_METHOD* bio_method() {
    static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> method = [] {
        std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> m(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream"), &BIO_meth_free);
        BIO_meth_set_write_ex(m.get(), bio_write);
        BIO_meth_set_read_ex(m.get(), bio_read);
        BIO_meth_set_ctrl(m.get(), bio_control);
        BIO_meth_set_create(m.get(), bio_create);
        return m;
    }();
    return method.get();
}

/// SSL_get_error would take errors that another connection left in the thread's queue for ours (P07).
/// Checking first is ten times cheaper than clearing.
void forget_old_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

/// By its head, which must be there.
std::size_t record_length(std::string_view bytes) {
    const auto byte = [bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    return std::size_t{byte(3)} << 8 | byte(4);
}

} // namespace

void ssl_deleter::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}
void ssl_deleter::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

std::span<char> inbox::space() {
    if (memory.empty())
        memory.resize(first_bytes);
    else if (filled && memory.size() < large_receive_bytes)
        memory.resize(memory.size() < medium_receive_bytes / 2 ? medium_receive_bytes : large_receive_bytes);
    begin = end = 0;
    return memory;
}

std::span<char> inbox::more_space() {
    if (end == memory.size()) {
        const std::size_t whole = end >= record_head_bytes ? record_head_bytes + record_length(bytes())
                                                           : record_head_bytes + record_bytes_max;
        const std::size_t larger = std::min(std::max(server_receive_bytes, 2 * end), whole);
        memory.reserve(larger); // resize() alone may take more
        memory.resize(larger);
    }
    return std::span(memory).subspan(end);
}

void inbox::release() {
    std::vector<char>().swap(memory);
    begin = end = 0;
    filled = false;
}

hello look_at_hello(std::string_view bytes) {
    if (bytes.empty()) return hello::part;
    constexpr char handshake = 0x16, major_version = 3; // RFC 8446 §5.1
    if (is_letter(bytes[0])) return hello::text;
    if (bytes[0] != handshake || (bytes.size() > 1 && bytes[1] != major_version)) return hello::other;
    if (bytes.size() < record_head_bytes) return hello::part;
    const std::size_t length = record_length(bytes);
    if (length == 0 || length > record_bytes_max) return hello::other;
    return bytes.size() < record_head_bytes + length ? hello::part : hello::whole;
}

std::size_t inbox::take(char* to, std::size_t bytes) {
    const std::size_t n = std::min(bytes, end - begin);
    if (n > 0) std::memcpy(to, memory.data() + begin, n);
    begin += n;
    return n;
}

void stream::state::begin_tls(ssl_pointer engine, tls_role role) {
    ssl = std::move(engine);
    serves_tls = role == tls_role::server;
    if (serves_tls) received.first_bytes = server_receive_bytes;
    BIO* const bio = BIO_new(bio_method());
    BIO_set_data(bio, static_cast<tls_bytes*>(this));
    SSL_set_bio(ssl.get(), bio, bio);
    if (role == tls_role::client)
        SSL_set_connect_state(ssl.get());
    else
        SSL_set_accept_state(ssl.get());
}

// Each call clears the thread's error queue first (P07).
stream::state::step stream::state::handshake_now() {
    forget_old_errors();
    const int r = SSL_do_handshake(ssl.get());
    if (r == 1) return step::done;
    if (SSL_get_error(ssl.get(), r) == SSL_ERROR_WANT_READ) return step::wants_input;
    note_problem();
    return step::failed;
}

// While a handshake waits for its client OpenSSL holds no buffers of records, by the context's mode. After it
// the mode would free and wipe 34 KiB at each request.
void stream::state::keep_records() {
    SSL_clear_mode(ssl.get(), SSL_MODE_RELEASE_BUFFERS);
}

void stream::state::release_records() {
    static_cast<void>(SSL_free_buffers(ssl.get()));
}

// Before 3.0.14 SSL_free_buffers() frees the head of a record that it waits for (CVE-2024-4741).
bool stream::state::is_between_records() const {
    return nothing_to_decrypt() && std::string_view(SSL_rstate_string(ssl.get())) == "RH"; // reads a head
}

bool stream::state::nothing_to_decrypt() const {
    return received.empty() && SSL_has_pending(ssl.get()) == 0
           && (SSL_get_shutdown(ssl.get()) & SSL_RECEIVED_SHUTDOWN) == 0;
}

stream::state::moved stream::state::decrypt(std::span<char> to) {
    if (nothing_to_decrypt()) return {step::wants_input};
    forget_old_errors();
    std::size_t bytes = 0;
    const int r = SSL_read_ex(ssl.get(), to.data(), to.size(), &bytes);
    if (r == 1) return {step::done, bytes};
    switch (SSL_get_error(ssl.get(), r)) {
        case SSL_ERROR_WANT_READ:
            return {step::wants_input};
        case SSL_ERROR_ZERO_RETURN:
            return {step::ended};
        default:
            note_problem();
            return {step::failed};
    }
}

stream::state::step stream::state::peek() {
    if (nothing_to_decrypt()) return step::wants_input;
    forget_old_errors();
    char one = 0;
    std::size_t bytes = 0;
    const int r = SSL_peek_ex(ssl.get(), &one, 1, &bytes);
    if (r == 1) return step::done;
    return SSL_get_error(ssl.get(), r) == SSL_ERROR_WANT_READ ? step::wants_input : step::ended;
}

bool stream::state::encrypt(std::string_view bytes) {
    if (bytes.empty()) return true;
    forget_old_errors();
    std::size_t written = 0;
    if (SSL_write_ex(ssl.get(), bytes.data(), bytes.size(), &written) == 1 && written == bytes.size())
        return true;
    note_problem();
    return false;
}

void stream::state::say_close() {
    forget_old_errors();
    // Before a handshake is complete there is nothing to close, and OpenSSL treats a shutdown as an error.
    if (shook_hands) SSL_shutdown(ssl.get());
}

void stream::state::note_problem() {
    const auto verdict = SSL_get_verify_result(ssl.get());
    if (verdict != X509_V_OK) {
        problem = std::string("certificate: ") + X509_verify_cert_error_string(verdict);
    } else {
        const char* const reason = ERR_reason_error_string(ERR_peek_error());
        problem = reason ? reason : "TLS failed";
    }
    ERR_clear_error();
}

const std::string& stream::tls_problem() const {
    return state_->problem;
}

bool stream::resumed() const {
    return state_->ssl && SSL_session_reused(state_->ssl.get()) == 1;
}

} // namespace gateway
