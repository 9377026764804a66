#include "rules/running_digest.hpp"

#include "base/digest.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace gateway::simulator {

namespace {

void must(int openssl_answer) {
    if (openssl_answer != 1) throw std::runtime_error("OpenSSL refuses to compute SHA-256");
}

} // namespace

struct running_digest::state {
    state() : context(EVP_MD_CTX_new()) {
        if (!context) throw std::bad_alloc();
    }
    ~state() { EVP_MD_CTX_free(context); }
    state(const state&) = delete;
    state& operator=(const state&) = delete;

    EVP_MD_CTX* context;
};

running_digest::running_digest() : state_(std::make_unique<state>()) {
    must(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}
running_digest::~running_digest() = default;
running_digest::running_digest(running_digest&&) noexcept = default;
running_digest& running_digest::operator=(running_digest&&) noexcept = default;

running_digest::running_digest(const running_digest& other) : state_(std::make_unique<state>()) {
    must(EVP_MD_CTX_copy_ex(state_->context, other.state_->context));
}

running_digest& running_digest::operator=(const running_digest& other) {
    running_digest copy(other);
    state_.swap(copy.state_);
    return *this;
}

void running_digest::update(std::string_view piece) {
    must(EVP_DigestUpdate(state_->context, piece.data(), piece.size()));
}

std::string running_digest::hex() const {
    running_digest copy(*this);
    sha256_bytes bytes{};
    unsigned int size = 0;
    must(EVP_DigestFinal_ex(copy.state_->context, bytes.data(), &size));
    return to_hex(bytes);
}

} // namespace gateway::simulator
