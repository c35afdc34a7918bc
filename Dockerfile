# docs/deploy-container.md says how to build and run it; tests/hosts/container.test.ts does what is written here.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && rm -rf .next/cache
RUN npm prune --omit=dev

# Debian, because glibc is what the dependencies are built for.
FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /app/package.json /app/next.config.mjs ./
COPY --from=build /app/public public
# For the commands, such as npm run users.
COPY --from=build /app/lib lib
COPY --from=build /app/scripts scripts
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/.next .next
COPY --from=build /app/dist dist
RUN mkdir /data && chown node:node /data
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 DATABASE_URL=file:/data/call-login.db
USER node
VOLUME /data
EXPOSE 3000
# Whether the process runs. Its database is left out: no restart would repair that.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1 and receives SIGTERM.
CMD ["node", "--disable-warning=ExperimentalWarning", "--heap-growing-percent=60", "--max-semi-space-size=16", "dist/main.mjs"]
