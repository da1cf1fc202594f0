# The server and its command line in one image: `docker build -t foyer:0.1.0 .`
#
#   docker run --rm foyer:0.1.0 --help
#   docker run -d --read-only --tmpfs /tmp -v foyer-data:/data -p 127.0.0.1:8080:8080 foyer:0.1.0
#
# compose.yaml runs it on SQLite, compose.postgres.yaml as three nodes on PostgreSQL, deploy/kubernetes in a cluster.

# What both builders start from. better-sqlite3 is compiled here rather than fetched ready-made: the build then asks no
# host but the package registry, and is the same on amd64 and arm64.
FROM node:20.20.2-bookworm-slim AS tools
RUN apt-get update \
  && apt-get install -y --no-install-recommends g++ make python3 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./

# Packages that the server loads at run time.
FROM tools AS packages
# Install scripts are off, so that no other package runs code here; the one that must compile is named.
RUN npm ci --omit=dev --ignore-scripts
# The headers of this very Node.js are in the image; node-gyp would download them otherwise.
RUN npm_config_build_from_source=true npm_config_nodedir=/usr/local npm rebuild better-sqlite3
# SQLite's sources and the compiler's leftovers are two thirds of that package.
RUN cd node_modules/better-sqlite3 \
  && rm -rf deps src binding.gyp \
  && find build -type f ! -path build/Release/better_sqlite3.node -delete \
  && find build -type d -empty -delete

# The bundle. In a stage of its own, so that a change in src/ does not compile SQLite again.
FROM tools AS bundle
RUN npm ci --ignore-scripts
COPY scripts/build.mjs scripts/
COPY src src/
RUN node scripts/build.mjs

FROM node:20.20.2-bookworm-slim
LABEL org.opencontainers.image.title="Foyer" \
  org.opencontainers.image.description="Customer accounts behind the go~mus v4 and the Spaaza Magento 2 customer APIs"
# An empty volume takes owner and mode from here: the server can write to it without being root.
RUN install -d -o 1000 -g 1000 -m 0750 /data
COPY --from=packages /build/package.json /app/
COPY --from=packages /build/node_modules /app/node_modules/
COPY --from=bundle /build/dist /app/dist/
# `docker exec CONTAINER foyer doctor`: the name by which all documents call it.
RUN ln -s /app/dist/main.js /usr/local/bin/foyer

# Set FOYER_HASH_CONCURRENCY to the CPUs the container may use; Node.js sees all of the machine's.
ENV NODE_ENV=production \
  FOYER_HOST=0.0.0.0
# From here the default sqlite:./data/foyer.db is /data/foyer.db. FOYER_DATABASE_URL itself is not set: a container that
# is given FOYER_DATABASE_URL_FILE would then have it both ways, which Foyer refuses.
WORKDIR /
VOLUME /data
EXPOSE 8080
# By number, because Kubernetes cannot tell whether a name is root. 1000 is the image's user `node`.
USER 1000:1000

# Process 1 gets no default handling of signals, and must bury orphans. Foyer handles SIGTERM and SIGINT itself and starts
# no processes, so there is nothing for tini to do.
STOPSIGNAL SIGTERM
# Alive, not ready: an orchestrator that replaces unhealthy containers must not do so because the database is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.FOYER_PORT ?? 8080) + '/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Room for young objects, as docs/operations.md explains.
ENTRYPOINT ["node", "--max-semi-space-size=32", "/app/dist/main.js"]
CMD ["serve"]
