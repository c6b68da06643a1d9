"""What a format cannot hold, kept beside its files in `.cvdata/sidecar/`, and put back when they are read again.

The whole dataset is in there, as Parquet that other tools read too, with the hash of every label file as it was
written. When the output is read, a picture whose label file is unchanged gets everything back, exactly; where the file
was edited, the edit wins. Outlines that were read for nothing else are in there as the text of the source, which is
decoded and judged only when somebody reads the output: decoding them would take longer than all the rest.
"""

from ._sidecar_file import SIDECAR, Sidecar, has_sidecar
from ._sidecar_restore import restore
from ._sidecar_write import SidecarWriter

__all__ = ["SIDECAR", "Sidecar", "SidecarWriter", "has_sidecar", "restore"]
