"""What a server is told: one TOML file, the environment over it."""

from server.config.network import IceServerConfig, LiveConfig
from server.config.processing import ObjectsConfig, TritonConfig
from server.config.reading import read_profile
from server.config.server import ServerConfig

__all__ = ["IceServerConfig", "LiveConfig", "ObjectsConfig", "ServerConfig", "TritonConfig", "read_profile"]
