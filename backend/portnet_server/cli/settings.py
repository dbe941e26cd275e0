"""The settings of a command, out of the environment; whatever is wrong with them is said at once, in lines."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping

import click

from portnet_server.config import Config, ConfigurationError, read_config
from portnet_server.private_file import write_private

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
    return config


def demo_settings() -> Config:
    """The settings of this machine's demo on PORT, for the commands that talk to it; each port has its own data."""
    port = settings(PORTNET_MODE="demo").port
    return settings(PORTNET_MODE="demo", PORTNET_DATA_DIR=f"var/demo/{port}")


def environment() -> Mapping[str, str]:
    """The process's environment; a part of reading the configuration, and read nowhere else."""
    return os.environ  # noqa: TID251 - handed to config.py, which alone knows the names


def secret_of(config: Config) -> bytes:
    """The server's secret; outside production one that this machine makes once and keeps in the data folder."""
    if config.secret is not None:
        return config.secret
    path = config.data_dir / "secret"
    config.data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_private(path, secrets.token_bytes(_SECRET_BYTES).hex().encode())
    return path.read_bytes()
