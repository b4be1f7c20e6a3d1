# Runs a notebook and writes it with its outputs: notebook.py FROM TO. It prints what the
# cells print.
import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=1200, kernel_name="python3", record_timing=False).execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output.get("text", ""), end="")
notebook.metadata.pop("widgets", None)
notebook.metadata.language_info = {"name": "python"}
nbformat.write(notebook, sys.argv[2])
