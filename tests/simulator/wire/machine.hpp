// The whole simulator: builds the parts, opens the listeners, runs on the thread that calls run().
#pragma once
#include "configure/settings.hpp"

#include <memory>
#include <string>

namespace gateway::simulator {

class machine {
public:
    /// Makes certificates and opens the listeners; throws if that fails.
    explicit machine(settings all);
    ~machine();

    /// The line of JSON with its addresses.
    std::string listening() const;
    /// Runs until stop(), SIGTERM or SIGINT.
    void run();
    /// From any thread.
    void stop();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace gateway::simulator
