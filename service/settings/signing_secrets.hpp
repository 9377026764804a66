// What signs the webhooks to a caller (docs/contract.md §12): the newest secret first, and the one before it
// while the receiver changes over. Copies share the bytes, which are wiped with the last of them. Pure.
#pragma once
#include "base/secret.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace gateway::settings {

inline constexpr std::size_t signing_secrets_max = 2;

class signing_secrets {
public:
    signing_secrets() = default;
    explicit signing_secrets(std::vector<secret> newest_first);

    std::span<const secret> list() const {
        return keys_ ? std::span<const secret>(*keys_) : std::span<const secret>{};
    }
    bool empty() const { return list().empty(); }
    bool operator==(const signing_secrets& other) const;

private:
    std::shared_ptr<const std::vector<secret>> keys_;
};

/// The bytes of `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks); nothing for another text.
std::optional<secret> read_signing_secret(std::string_view text);

} // namespace gateway::settings
