# telegram-toolkit-mcp: the binary alone in a distroless image. The target `sandbox` is what stands in for Telegram in the demo.
ARG DENO_VERSION=2.9.6
ARG DEBIAN_VERSION=12

FROM denoland/deno:${DENO_VERSION} AS dependencies
WORKDIR /build
# Before the sources: a change of those downloads nothing.
COPY deno.json deno.lock ./
RUN deno install --frozen --quiet
# Deno fetches its bundler and its denort when they are first used: here, so that a build of changed sources needs no network.
RUN mkdir dist && echo 'export {};' >dist/nothing.ts && \
    deno bundle --quiet --platform deno --output dist/nothing.js dist/nothing.ts && \
    deno compile --quiet --no-config --output dist/nothing dist/nothing.js && \
    rm -r dist

FROM dependencies AS build
COPY main.ts ./
COPY src src
COPY deploy deploy
# There is no repository in here to ask: give it, or the binary knows its version only.
ARG COMMIT=unknown
RUN --network=none COMMIT=${COMMIT:-unknown} deno task compile && \
    install -D -t /image/usr/bin dist/telegram-toolkit-mcp && \
    install -D -m 0644 -t /image/usr/share/doc/telegram-toolkit-mcp dist/telegram-toolkit-mcp.cdx.json && \
    install -d -m 0700 -o 65532 -g 65532 /image/data

FROM dependencies AS sandbox
COPY main.ts ./
COPY src src
COPY sandbox sandbox
RUN --network=none deno cache sandbox/main.ts && install -d -m 0700 -o 65532 -g 65532 /data
USER 65532:65532
ENTRYPOINT ["deno", "run", "--cached-only", "--allow-all", "sandbox/main.ts"]

FROM gcr.io/distroless/cc-debian${DEBIAN_VERSION}:nonroot
# All at once: a folder that is copied by itself would get another mode than it has, and /data must be closed to others. A named
# volume that is mounted there takes owner and mode over. VOLUME is not said: it would make a volume without a name for each
# container that was given none, and leave the session in it.
COPY --from=build /image /
ENV DATA_DIR=/data MCP_SERVER_HOST=0.0.0.0 MCP_SERVER_PORT=8000
# What glibc keeps of freed memory for each thread is some 8 MB, which an idle server has no use for.
ENV MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
USER 65532:65532
WORKDIR /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --start-interval=1s --retries=3 \
    CMD ["/usr/bin/telegram-toolkit-mcp", "healthcheck"]
ENTRYPOINT ["/usr/bin/telegram-toolkit-mcp"]
CMD ["serve"]
# Last: what they say changes with every build.
ARG VERSION
ARG COMMIT
ARG DEBIAN_VERSION
LABEL org.opencontainers.image.title="telegram-toolkit-mcp" \
      org.opencontainers.image.description="A read-only MCP server for the Telegram history its owner can see" \
      org.opencontainers.image.version="${VERSION:-0.1.0}" \
      org.opencontainers.image.revision="${COMMIT:-unknown}" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian${DEBIAN_VERSION}:nonroot"
