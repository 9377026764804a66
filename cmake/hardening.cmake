# Hardening of what ships. In every preset but those of the sanitizers and of coverage, so that what the tests run is
# hardened like what ships; tests/hardening/check.py holds the binary and the preset `release` against it.
if(NOT (GATEWAY_ASAN OR GATEWAY_TSAN OR GATEWAY_COVERAGE))
    target_compile_options(project_options INTERFACE
        -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full)
    # Code of the tests alone is not optimised, so it takes the first one back (GATEWAY_TEST_FLAGS).
    target_compile_definitions(project_options INTERFACE _FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
    # The stack protector costs 2.5 % of a request's instructions, more than the 2 % that one protection may. So it is
    # left out of these files, which every request runs and which copy no bytes from outside to the stack: 1.9 % then
    # (docs/performance.md §5). Files with the precompiled header must have the header's options, so they keep it.
    set(hot_files service/base/clock.cpp service/base/fair_share.cpp service/base/ids.cpp service/base/json/members.cpp
        service/base/json/patch.cpp service/base/json/scan.cpp service/base/json/write.cpp service/base/pattern.cpp
        service/base/result.cpp service/http/body_framing.cpp service/http/field_lines.cpp
        service/http/header_finder.cpp service/http/request_target.cpp service/http/response_gate.cpp
        service/http/structured_fields.cpp service/http/verb.cpp service/http/writers.cpp
        service/limits/sliding_window.cpp service/limits/window.cpp service/telemetry/log_line.cpp
        service/telemetry/log_queue.cpp service/telemetry/recorder.cpp service/telemetry/sink.cpp)
    set_source_files_properties(${hot_files} PROPERTIES COMPILE_OPTIONS -fno-stack-protector)
    target_link_options(project_options INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
