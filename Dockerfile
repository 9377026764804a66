# tiktok-gateway and tiktok-simulator: built on Debian 12, shipped on its slim image.
FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        g++ cmake ninja-build ccache pkg-config libssl-dev libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev \
        prometheus-cpp-dev libsqlite3-dev libpq-dev libyaml-cpp-dev libcli11-dev libgtest-dev libgmock-dev \
        python3 python3-yaml \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cmake --preset release \
    && cmake --build --preset release --target tiktok-gateway tiktok-simulator \
    && strip -o /usr/local/bin/tiktok-gateway build/release/tiktok-gateway \
    && strip -o /usr/local/bin/tiktok-simulator build/release/tests/tiktok-simulator \
    && DESTDIR=/made cmake --install build/release --prefix /usr --component manual

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates libssl3 libboost-json1.81.0 libboost-url1.81.0 libprometheus-cpp-core1.0 libsqlite3-0 \
        libpq5 libyaml-cpp0.7 \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/tiktok-gateway
COPY --from=build /usr/local/bin/tiktok-gateway /usr/local/bin/tiktok-simulator /usr/local/bin/
# Manual pages and completion, where Debian has them.
COPY --from=build /made/usr/share /usr/share
# Settings that can be reached through a published port. They want callers, or the start ends with 78 and says so.
COPY config/production.yaml /etc/tiktok-gateway/gateway.yaml
# Where users are many, what belongs to one lies far from the next: large pages spare the look-ups of addresses, which
# are 5 % of a call with 100,000 users. glibc (2.35 and later) asks them for its main arena and for what it maps by
# itself from 2 MiB on: so there is one arena, which calls do not wait for since they allocate nothing, and all that is
# smaller lies in it. No effect where the kernel allows none.
ENV GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=2097152:glibc.malloc.trim_threshold=8388608
# Numbers, so that runAsNonRoot can be checked. The root may be read-only: state lies on this volume only.
USER 10001:10001
WORKDIR /var/lib/tiktok-gateway
VOLUME /var/lib/tiktok-gateway
EXPOSE 8080 8081
# Health is asked on the admin port by whoever runs it: the image holds no client to ask with.
ENTRYPOINT ["/usr/local/bin/tiktok-gateway"]
CMD ["--config", "/etc/tiktok-gateway/gateway.yaml"]
