// Memory of limits/shared_bytes.hpp for coroutines: the failures of a claim that finds no room, and the wait
// of one that has begun. Any worker.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "limits/shared_bytes.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"

#include <cstdint>

namespace gateway {

/// overloaded: there is no memory for another upload or body now.
failure no_memory_left();
/// overloaded: the claim's bytes came too slowly while others waited for its memory.
failure lost_its_place();

/// While it exists, reading from the source ends if the claim loses its place.
class giving_way {
public:
    giving_way(body_source& from, const limits::shared_bytes::permit& memory) : from_(from) {
        from_.give_way_when(&memory.lost());
    }
    ~giving_way() { from_.give_way_when(nullptr); }
    giving_way(const giving_way&) = delete;
    giving_way& operator=(const giving_way&) = delete;

private:
    body_source& from_;
};

/// Before `bytes` are held under a claim that has begun. Waits for a short time if its room was given to
/// others while it was slow; then fails with overloaded.
task<result<void>> hold_memory(limits::shared_bytes::permit& of, std::uint64_t bytes, deadline until);

} // namespace gateway
