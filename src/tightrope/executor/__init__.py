"""Parallel work: one `map` over chunks, here, over spawned processes or over a cluster, and `in_threads`.

Everything parallel goes through here, so that a cluster can take the place of the process pool without a
caller noticing. Imports nothing of ours.
"""

from tightrope.executor.background import Background
from tightrope.executor.chunk import Progress, Result, chunk_seed
from tightrope.executor.cluster import MissingCluster, NoCluster
from tightrope.executor.mapping import map  # noqa: A004 - the one verb of this room
from tightrope.executor.threads import available_workers, in_threads

__all__ = [
    "Background",
    "MissingCluster",
    "NoCluster",
    "Progress",
    "Result",
    "available_workers",
    "chunk_seed",
    "in_threads",
    "map",
]
