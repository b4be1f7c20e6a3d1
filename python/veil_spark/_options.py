"""The arguments of ``veil mask``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Options:
    """The arguments of one call of mask. They are sent to workers, so they contain no secret."""

    binary: str
    ruleset: str
    table: Optional[str]
    fhir: bool
    key_file: Optional[str]
    key_env: Optional[str]
    project: Optional[str]
    audit_dir: Optional[str]

    def command(self, key_file: Optional[str], audit_dir: Optional[str]) -> list[str]:
        """The command line of a child that masks standard input."""
        args = [self.binary, "mask", "--ruleset", self.ruleset, "--workers", "1"]
        args += ["--format", "fhir" if self.fhir else "arrow"]
        if self.table:
            args += ["--table", self.table]
        if key_file:
            args += ["--key-file", key_file]
        if self.project:
            args += ["--project", self.project]
        if audit_dir:
            args += ["--audit-dir", audit_dir]
        return [*args, "-"]

    def environment(self) -> dict[str, str]:
        """The environment of a child: the key, if it is in a variable, and no other keys."""
        env = {k: v for k, v in os.environ.items() if k not in ("VEIL_KEY", "VEIL_KEY_FILE")}
        if self.key_env:
            env["VEIL_KEY"] = os.environ.get(self.key_env, "")
        return env
