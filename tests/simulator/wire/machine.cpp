#include "wire/machine.hpp"

#include "wire/certificates.hpp"
#include "wire/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>

namespace gateway::simulator {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// A temporary folder, which the destructor removes; or the folder of the settings, which stays.
class home {
public:
    explicit home(const std::string& wanted) : path_(wanted) {
        if (!path_.empty()) return;
        std::string made = (std::filesystem::temp_directory_path() / "tiktok-simulator-XXXXXX").string();
        if (!mkdtemp(made.data())) throw std::runtime_error("cannot make a folder for ca.pem");
        path_ = made;
        ours_ = true;
    }
    ~home() {
        std::error_code ignored;
        if (ours_) std::filesystem::remove_all(path_, ignored);
    }
    home(const home&) = delete;
    home& operator=(const home&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
    bool ours_ = false;
};

void prepare_tls(asio::ssl::context& tls, const certificates& made, const std::string& versions) {
    tls.use_certificate_chain(asio::buffer(made.certificate));
    tls.use_private_key(asio::buffer(made.private_key), asio::ssl::context::pem);
    SSL_CTX* native = tls.native_handle();
    // Not OpenSSL's macros for these two, which contain old-style casts.
    const auto versions_are = [native](long least, long most) {
        SSL_CTX_ctrl(native, SSL_CTRL_SET_MIN_PROTO_VERSION, least, nullptr);
        SSL_CTX_ctrl(native, SSL_CTRL_SET_MAX_PROTO_VERSION, most, nullptr);
    };
    if (versions == "1.1") {
        SSL_CTX_set_cipher_list(native, "DEFAULT@SECLEVEL=0");
        versions_are(TLS1_VERSION, TLS1_1_VERSION);
    } else {
        versions_are(versions == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION,
                     versions == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION);
    }
}

tcp::acceptor open_door(asio::io_context& io, const std::string& address, std::uint16_t port) {
    const tcp::endpoint where(asio::ip::make_address(address), port);
    return tcp::acceptor(io, where);
}

/// An exception that ends a session is a bug, so it ends the program.
void session_ended(std::exception_ptr problem) {
    if (problem) std::rethrow_exception(problem);
}

asio::awaitable<void> accept_all(host& h, tcp::acceptor& from, asio::ssl::context* tls, door which) {
    for (;;) {
        auto [problem, socket] = co_await from.async_accept(asio::as_tuple(asio::use_awaitable));
        if (problem == asio::error::operation_aborted) co_return;
        if (problem) continue;
        std::unique_ptr<stream> bytes = make_stream(std::move(socket), tls);
        asio::co_spawn(h.io, serve(h, std::move(bytes), which), session_ended);
    }
}

std::string origin(const char* scheme, const tcp::acceptor& of) {
    return std::string(scheme) + "://" + of.local_endpoint().address().to_string() + ":"
           + std::to_string(of.local_endpoint().port());
}

} // namespace

namespace {

/// Destroys waiting coroutines while everything they refer to still exists; an io_context does so only in its
/// destructor.
struct ending_context : asio::io_context {
    using asio::io_context::io_context;
    void end() { shutdown(); }
};

} // namespace

struct machine::parts {
    explicit parts(settings all)
        : folder(all.directory),
          made(make_certificates(all.certificate)),
          ca_file(write_certificates(made, all.certificate, folder.path())),
          h(io, std::move(all)),
          api(open_door(io, listen().address, listen().api_port)),
          upload(open_door(io, listen().address, listen().upload_port)),
          control(open_door(io, listen().address, listen().control_port)),
          signals(io, SIGTERM, SIGINT) {
        prepare_tls(tls, made, h.w.config.certificate.tls_versions);
        h.authority_pem = made.real_authority;
        h.w.upload_origin =
            h.w.config.upload_origin.empty() ? origin("https", upload) : h.w.config.upload_origin;
        asio::co_spawn(io, accept_all(h, api, &tls, door::api), session_ended);
        asio::co_spawn(io, accept_all(h, upload, &tls, door::upload), session_ended);
        asio::co_spawn(io, accept_all(h, control, nullptr, door::control), session_ended);
        const auto stop_all = [this](const boost::system::error_code& problem, int) {
            if (!problem) io.stop();
        };
        signals.async_wait(stop_all);
    }
    ~parts() { io.end(); }
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;

    const listen_settings& listen() const { return h.w.config.listen; }

    home folder;
    certificates made;
    std::string ca_file;
    asio::ssl::context tls{asio::ssl::context::tls_server};
    ending_context io{1};
    host h;
    tcp::acceptor api, upload, control;
    asio::signal_set signals;
};

machine::machine(settings all) : parts_(std::make_unique<parts>(std::move(all))) {}
machine::~machine() = default;

std::string machine::listening() const {
    return boost::json::serialize(boost::json::object{{"event", "listening"},
                                                      {"api", origin("https", parts_->api)},
                                                      {"upload", origin("https", parts_->upload)},
                                                      {"control", origin("http", parts_->control)},
                                                      {"ca_file", parts_->ca_file}});
}

void machine::run() {
    parts_->io.run();
}
void machine::stop() {
    parts_->io.stop();
}

} // namespace gateway::simulator
