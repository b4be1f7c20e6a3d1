# A static binary in an empty image: no shell, no package manager, no root.
# Run it with a read-only file system; the audit log needs a volume, and the key must
# belong to user 65532 (chown 65532 project.key), or to root with a group of the container:
#   docker run --read-only -v audit:/var/lib/veil/audit -v ./veil.yaml:/etc/veil/veil.yaml:ro \
#     -v ./project.key:/etc/veil/project.key:ro -p 8080:8080 veil
# In a container, 127.0.0.1 can only be reached from inside, so all listeners are on all of its
# addresses. The PostgreSQL listener then needs TLS. /sbom.json lists the modules of the
# binary (CycloneDX).
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /veil ./cmd/veil \
 && go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 bin -json -output /sbom.json /veil \
 && mkdir -p /rootfs/var/lib/veil/audit /rootfs/etc/ssl/certs /rootfs/tmp \
 && cp /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ \
 && cp /veil /sbom.json /rootfs/

FROM scratch
COPY --from=build --chown=65532:65532 /rootfs /
USER 65532:65532
ENV VEIL_FHIR_LISTEN=:8080 VEIL_POSTGRES_LISTEN=:6432 VEIL_OPERATOR_LISTEN=0.0.0.0:9090
EXPOSE 8080 6432 9090
HEALTHCHECK CMD ["/veil", "health"]
ENTRYPOINT ["/veil"]
CMD ["serve", "--config", "/etc/veil/veil.yaml"]
