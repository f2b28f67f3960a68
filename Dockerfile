# telegram-toolkit-mcp: the binary alone in a distroless image. The target `sandbox` is what stands in for Telegram in the demo.
ARG DENO_VERSION=2.9.6
ARG DEBIAN_VERSION=12

FROM denoland/deno:${DENO_VERSION} AS dependencies
WORKDIR /build
# Before the sources: a change of those downloads nothing.
COPY deno.json deno.lock ./
RUN deno install --frozen --quiet
# What bundles comes with the first bundle.
RUN mkdir dist && echo 'export {};' >dist/nothing.ts && deno bundle --quiet --platform deno --output /dev/null dist/nothing.ts

FROM dependencies AS build
COPY main.ts ./
COPY src src
COPY deploy deploy
ARG COMMIT=unknown
RUN COMMIT=${COMMIT} deno task compile && \
    install -D -t /image/usr/bin dist/telegram-toolkit-mcp && \
    install -D -m 0644 -t /image/usr/share/doc/telegram-toolkit-mcp dist/telegram-toolkit-mcp.cdx.json && \
    install -d -m 0700 -o 65532 -g 65532 /image/data

FROM dependencies AS sandbox
COPY main.ts ./
COPY src src
COPY sandbox sandbox
RUN deno cache sandbox/main.ts && install -d -m 0700 -o 65532 -g 65532 /data
USER 65532:65532
ENTRYPOINT ["deno", "run", "--cached-only", "--allow-all", "sandbox/main.ts"]

FROM gcr.io/distroless/cc-debian${DEBIAN_VERSION}:nonroot
ARG VERSION
ARG COMMIT
ARG CREATED
LABEL org.opencontainers.image.title="telegram-toolkit-mcp" \
      org.opencontainers.image.description="A read-only MCP server for the Telegram history its owner can see" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian12:nonroot"
# All at once: a folder that is copied by itself would get another mode than it has, and /data must be closed to others. A volume
# that is mounted there takes owner and mode over.
COPY --from=build /image /
ENV DATA_DIR=/data MCP_SERVER_HOST=0.0.0.0 MCP_SERVER_PORT=8000
USER 65532:65532
WORKDIR /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/bin/telegram-toolkit-mcp", "healthcheck"]
ENTRYPOINT ["/usr/bin/telegram-toolkit-mcp"]
CMD ["serve"]
