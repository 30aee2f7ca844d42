"""`dermabooth models list`."""

from rich.console import Console
from rich.table import Table

from dermabooth import resources
from server.inference import model_infos


def list_models() -> None:
    """Print the models of the repository with version and weight hash."""
    table = Table("model", "version", "SHA-256")
    for info in model_infos(resources.triton_models()):
        table.add_row(info.name, str(info.version), info.sha256)
    Console().print(table)
