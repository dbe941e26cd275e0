"""The settings of a command, out of the environment; whatever is wrong with them is said at once, in lines."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from portnet_server.config import Config, ConfigurationError, Mode, read_config

_SECRET_BYTES = 32


def settings(**defaults: str) -> Config:
    """The configuration; ``defaults`` are variables that this command sets where the environment does not.

    Raises:
        click.ClickException: names every fault.
    """
    try:
        config = read_config({**defaults, **environment()})
    except ConfigurationError as error:
        raise click.ClickException(f"the configuration cannot be used:\n{error}") from None
    return config if config.secret is not None else with_own_secret(config)


def demo_settings() -> Config:
    """The settings of the demo on this machine, for the commands that talk to it."""
    return settings(PORTNET_MODE="demo", PORTNET_DATA_DIR="var/demo")


def environment() -> Mapping[str, str]:
    """The process's environment; a part of reading the configuration, and read nowhere else."""
    return os.environ  # noqa: TID251 - handed to config.py, which alone knows the names


def with_own_secret(config: Config) -> Config:
    """Outside production: a secret that this machine makes once and keeps in the data folder."""
    if config.mode is Mode.PRODUCTION:
        raise click.ClickException("PORTNET_SECRET is missing")
    path = config.data_dir / "secret"
    config.data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_private(path, secrets.token_bytes(_SECRET_BYTES).hex().encode())
    return msgspec.structs.replace(config, secret=path.read_bytes())


def write_private(path: Path, content: bytes) -> None:
    """A file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
