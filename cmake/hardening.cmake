# Hardening of what ships. In every preset but those of the sanitizers and of coverage, so that what the tests run is
# hardened like what ships; tests/hardening/check.py holds the binary and the preset `release` against it.
if(NOT (GATEWAY_ASAN OR GATEWAY_TSAN OR GATEWAY_COVERAGE))
    target_compile_options(project_options INTERFACE
        -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full)
    # Code of the tests alone is not optimised, so it takes the first one back (GATEWAY_TEST_FLAGS).
    target_compile_definitions(project_options INTERFACE _FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
    target_link_options(project_options INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
