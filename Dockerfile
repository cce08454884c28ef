# The image of the action and of GitLab jobs: the static binary with Python, uv and git. There is no ENTRYPOINT, because
# GitLab starts a shell; action.yml names the program.
ARG BUILDER=golang:1.26-bookworm
ARG BASE=debian:bookworm-slim

# What a training step can use. The wheels of LightGBM and XGBoost need libgomp1 and do not contain it.
FROM ${BASE} AS runtime
RUN ["/bin/sh", "-ec", "apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git libgomp1 python3 python3-venv \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin \
 && python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir uv==0.13.9 \
 && git config --system --add safe.directory '*'"]
ENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv

FROM ${BUILDER} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN ["go", "mod", "download"]
ENV CGO_ENABLED=0 GOFLAGS=-trimpath
# The packages that take minutes are built first, because they change rarely.
RUN ["go", "build", "modernc.org/sqlite", "github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service/s3", \
  "gitlab.com/gitlab-org/api/client-go/v2"]
COPY . .
ARG VERSION=0.1.0-dev
ENV GOFLAGS="-trimpath '-ldflags=-s -w -X main.version=${VERSION}'"
RUN ["go", "build", "-o", "/mlops-track", "."]

# COPY --from this target to put the binary into an image of your own.
FROM scratch AS scratch
COPY --from=build /mlops-track /usr/local/bin/mlops-track

FROM runtime AS image
COPY --from=build /mlops-track /usr/local/bin/mlops-track
