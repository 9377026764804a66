// One PUT on the upload listener: its bytes are processed in pieces, whatever the size.
#pragma once
#include "wire/exchange.hpp"
#include "wire/inbox.hpp"

namespace gateway::simulator {

boost::asio::awaitable<void> exchange_upload(host& h, stream& bytes, inbox& from, exchange& e,
                                             std::uint64_t connection);

} // namespace gateway::simulator
