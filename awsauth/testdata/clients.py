"""Read s3://data/table.csv with one client: clients.py NAME. Credentials and region are the client's own business; S3 is what
AWS_ENDPOINT_URL_S3 says."""

import os
import sys

ENDPOINT = os.environ["AWS_ENDPOINT_URL_S3"]
HOST = ENDPOINT.removeprefix("http://")
CSV = b"x,y\n1,2\n"


def boto3():
    import boto3

    body = boto3.client("s3").get_object(Bucket="data", Key="table.csv")["Body"]
    assert body.read() == CSV


def steady():
    """Read again and again until standard input ends, with no second try for any request; print how often."""
    import select

    import boto3
    from botocore.config import Config

    s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}))
    count = 0
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        assert s3.get_object(Bucket="data", Key="table.csv")["Body"].read() == CSV
        count += 1
    print(count)


def mlflow():
    os.environ["MLFLOW_S3_ENDPOINT_URL"] = ENDPOINT
    from mlflow.artifacts import download_artifacts

    with open(download_artifacts("s3://data/table.csv"), "rb") as file:
        assert file.read() == CSV


def s3fs():
    import fsspec

    with fsspec.open("s3://data/table.csv") as file:
        assert file.read() == CSV


def pyarrow():
    from pyarrow.fs import S3FileSystem

    s3 = S3FileSystem(endpoint_override=HOST, scheme="http", region=os.environ["AWS_REGION"])
    assert s3.open_input_stream("data/table.csv").read() == CSV


def polars():
    """Without a provider of credentials, polars asks object_store, a library in Rust that boto3 has no part in."""
    import polars

    options = {"aws_endpoint_url": ENDPOINT, "aws_allow_http": "true", "aws_region": os.environ["AWS_REGION"]}
    table = polars.scan_csv("s3://data/table.csv", storage_options=options, credential_provider=None)
    assert table.collect().rows() == [(1, 2)]


def polars_boto3():
    import polars

    options = {"aws_endpoint_url": ENDPOINT, "aws_allow_http": "true"}
    assert polars.scan_csv("s3://data/table.csv", storage_options=options).collect().rows() == [(1, 2)]


def duckdb():
    """The extensions come as Python packages: what DuckDB would download is a file beside them."""
    import importlib.util
    import pathlib

    import duckdb

    [folder] = importlib.util.find_spec("duckdb_ext").submodule_search_locations
    db = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    for name in ["httpfs", "aws"]:
        [extension] = pathlib.Path(folder).glob(f"**/{name}.duckdb_extension")
        db.execute(f"LOAD '{extension}'")
    db.execute(
        "CREATE SECRET (TYPE s3, PROVIDER credential_chain, URL_STYLE 'path', USE_SSL false, "
        f"ENDPOINT '{HOST}', REGION '{os.environ['AWS_REGION']}')"
    )
    assert db.execute("FROM 's3://data/table.csv'").fetchall() == [(1, 2)]


globals()[sys.argv[1]]()
