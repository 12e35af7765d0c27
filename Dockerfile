# syntax=docker/dockerfile:1
# The service as one static program and nothing else.

FROM golang:1.26-alpine AS build
RUN apk add --no-cache ca-certificates
WORKDIR /src
# Modules first: they change seldom, so this layer is kept.
COPY go.mod go.sum ./
COPY conformance/go.mod conformance/go.sum ./conformance/
RUN go mod download
COPY . .
# Which build it is, since there is no repository here to ask: "make image" says it.
ARG VERSION= COMMIT= DATE=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=$VERSION -X main.commit=$COMMIT -X main.committed=$DATE" \
  -o /out/roster ./cmd/roster
# An empty directory, since nothing in the last stage can make one that another user owns.
RUN mkdir -p /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/roster /roster
# 65532 is the user that images without a user database call nonroot.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# Variables and not flags: the health check reads the same address.
ENV ROSTER_DATA_DIR=/data ROSTER_LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/roster", "healthcheck"]
ENTRYPOINT ["/roster"]
CMD ["serve"]
