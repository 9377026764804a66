#include "app/commands.hpp"
#include "app/start_failure.hpp"
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "settings/loader.hpp"
#include "vault/key_ring.hpp"

#include <iostream>

namespace gateway::app {

namespace {
constexpr std::size_t key_bytes = 32;
} // namespace

int new_key(const std::string& name) {
    if (const auto wrong = settings::why_no_caller_name(name); !wrong.empty()) {
        std::cerr << "tiktok-gateway: the caller's name " << wrong << "\n";
        return exit_usage;
    }
    // The prefix lets secret scanners recognise the key.
    const std::string key = "tgk_" + to_base64url(random_bytes(key_bytes));
    std::cout << "key: " << key << "\nkey_sha256: " << to_hex(sha256(key)) << "\n" << std::flush;
    return std::cout ? exit_well : exit_failed;
}

int new_vault_key() {
    std::cout << vault::new_vault_key_line(wall_now()) << "\n" << std::flush;
    return std::cout ? exit_well : exit_failed;
}

} // namespace gateway::app
