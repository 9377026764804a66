#include "wire/inbox.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <cctype>

namespace gateway::simulator {

namespace http = boost::beast::http;
namespace asio = boost::asio;

namespace {

constexpr std::size_t read_bytes = 16 * 1024;
constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::uint32_t header_bytes_max = 64 * 1024;
constexpr std::uint64_t small_body_bytes_max = 4 * 1024 * 1024;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

template <class Fields>
request as_request(const Fields& from) {
    request out;
    out.method = std::string(from.method_string());
    const std::string_view target(from.target().data(), from.target().size());
    const std::size_t question = std::min(target.find('?'), target.size());
    out.path = target.substr(0, question);
    out.query = target.substr(std::min(question + 1, target.size()));
    for (const auto& field : from) {
        const auto name = field.name_string();
        const auto value = field.value();
        out.headers.emplace_back(lower({name.data(), name.size()}), std::string(value.data(), value.size()));
    }
    return out;
}

} // namespace

struct inbox::parsers {
    std::optional<http::request_parser<http::empty_body>> head;
};

inbox::inbox(stream& from) : from_(from), parsers_(std::make_unique<parsers>()) {}
inbox::~inbox() = default;

asio::awaitable<bool> inbox::fill() {
    const std::size_t before = in_.size();
    in_.resize(before + read_bytes);
    const std::size_t came = co_await from_.read_some(in_.data() + before, read_bytes);
    in_.resize(before + came);
    co_return came > 0;
}

asio::awaitable<std::optional<request>> inbox::next() {
    auto& head = parsers_->head.emplace();
    head.header_limit(header_bytes_max);
    head.body_limit(boost::none);
    for (;;) {
        boost::system::error_code problem;
        if (!in_.empty()) {
            in_.erase(0, head.put(asio::buffer(in_), problem));
            if (head.is_header_done()) break;
        }
        if (problem && problem != http::error::need_more) {
            bad_ = true;
            co_return std::nullopt;
        }
        const bool more = co_await fill();
        if (!more) co_return std::nullopt;
    }
    last_ = !head.get().keep_alive();
    length_.reset();
    if (const auto length = head.content_length()) length_ = *length;
    waits_ = lower(std::string_view(head.get()[http::field::expect])) == "100-continue";
    co_return as_request(head.get());
}

asio::awaitable<std::optional<std::string>> inbox::body() {
    http::request_parser<http::string_body> whole{std::move(*parsers_->head)};
    whole.body_limit(small_body_bytes_max);
    whole.eager(true);
    while (!whole.is_done()) {
        boost::system::error_code problem;
        if (!in_.empty()) in_.erase(0, whole.put(asio::buffer(in_), problem));
        if (whole.is_done()) break;
        if (problem && problem != http::error::need_more) co_return std::nullopt;
        const bool more = co_await fill();
        if (!more) co_return std::nullopt;
    }
    co_return std::move(whole.get().body());
}

asio::awaitable<std::string_view> inbox::piece(std::uint64_t left) {
    if (!piece_) piece_ = std::make_unique<char[]>(piece_bytes);
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_bytes));
    if (!in_.empty()) {
        const std::size_t size = std::min(wanted, in_.size());
        std::copy_n(in_.data(), size, piece_.get());
        in_.erase(0, size);
        co_return std::string_view(piece_.get(), size);
    }
    const std::size_t came = co_await from_.read_some(piece_.get(), wanted);
    co_return std::string_view(piece_.get(), came);
}

} // namespace gateway::simulator
